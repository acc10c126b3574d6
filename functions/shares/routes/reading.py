"""What anybody reads who has a link. A wrong, an expired and a revoked one are not told apart."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Path, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from functions.api.limits import limited_as_account
from functions.api.problems import problems
from functions.api.results import source_answer
from functions.api.transcripts import RESPONSES, WantedFormat, transcript_answer
from functions.core.errors import Conflict, Invalid, NotFound, ParleyError, TooLarge, TooMany
from functions.core.jobs.model import Job, Kind, newest_result
from functions.core.jobs.results import Summary, Transcript, summary_from_json, transcript_from_json
from functions.core.recordings.correcting import transcript_key
from functions.core.recordings.media import Media
from functions.core.recordings.model import Recording
from functions.core.recordings.outcomes import outcome
from functions.core.shares.model import Part, Share
from functions.shares.page import CONTENT_SECURITY_POLICY, page, page_of_nothing
from functions.shares.routes.door import TheClock, TheJobs, TheLinks, TheMedia, TheRecordings, TheShares, router
from functions.shares.schemas import SharedRecording

Token = Annotated[str, Path(max_length=128, description="What the link ends with")]
# A link in somebody else's logs, search index or address bar is a link given away.
PRIVATE = {"Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex, nofollow"}


@dataclass(frozen=True, slots=True)
class Shared:
    """What a link opens."""

    share: Share
    recording: Recording

    def need(self, part: Part) -> None:
        """Go on only if the link shows that; raises NotFound."""
        if part not in self.share.parts:
            raise NotFound(f"This link does not show the {part}.", code="not-shared")


def _shared(token: Token, recordings: TheRecordings, shares: TheShares, links: TheLinks, response: Response) -> Shared:
    share_id = links.share_id_of(token)
    share = None if share_id is None else shares.find_open(share_id)
    recording = None if share is None else recordings.find(share.recording_id)
    if share is None or recording is None:
        raise NotFound("This link shows nothing (any more).", code="no-such-link")
    response.headers.update(PRIVATE)
    return Shared(share, recording)


Opened = Annotated[Shared, Depends(_shared)]
LIMITED = [Depends(limited_as_account)]


@router.get("/v1/shared/{token}", dependencies=LIMITED, responses=problems(NotFound, TooMany))
def read_shared(shared: Opened) -> SharedRecording:
    """Read what a link shows."""
    return SharedRecording.of(shared.recording, shared.share)


@router.get(
    "/v1/shared/{token}/transcript",
    dependencies=LIMITED,
    response_class=Response,
    responses={**RESPONSES, **problems(NotFound, Conflict, TooLarge, TooMany, Invalid)},
)
def read_shared_transcript(
    shared: Opened, wish: WantedFormat, jobs: TheJobs, media: TheMedia, clock: TheClock
) -> Response:
    """Read a shared transcript, in the format of your choice; the formats are those of `GET .../transcript`."""
    shared.need(Part.TRANSCRIPT)
    job = outcome(shared.recording, jobs.get_many(shared.recording.job_ids), Kind.TRANSCRIBE, clock())
    answer = transcript_answer(media, transcript_key(shared.recording, job) or "", shared.recording, wish)
    answer.headers.update(PRIVATE)
    return answer


@router.get(
    "/v1/shared/{token}/summary",
    dependencies=LIMITED,
    response_class=Response,
    responses={
        200: {"description": "The summary", "content": {"application/json": {"schema": {"type": "object"}}}},
        **problems(NotFound, Conflict, TooMany),
    },
)
def read_shared_summary(shared: Opened, jobs: TheJobs, media: TheMedia, clock: TheClock) -> Response:
    """Read a shared summary, whose statements name the transcript's segments that they stand on."""
    shared.need(Part.SUMMARY)
    job = outcome(shared.recording, jobs.get_many(shared.recording.job_ids), Kind.SUMMARISE, clock())
    return Response(media.read(job.result_key or ""), media_type="application/json", headers=PRIVATE)


@router.get(
    "/v1/shared/{token}/audio",
    dependencies=LIMITED,
    status_code=307,
    response_class=RedirectResponse,
    responses=problems(NotFound, Conflict, TooMany),
)
def download_shared_audio(shared: Opened, media: TheMedia, clock: TheClock) -> RedirectResponse:
    """Hear or download a shared recording, by a redirect to an address that takes ranges and works for an hour."""
    shared.need(Part.AUDIO)
    shared.recording.need_bytes(clock())
    answer = source_answer(media, shared.recording)
    answer.headers.update(PRIVATE)
    return answer


@router.get(
    "/shared/{token}",
    dependencies=LIMITED,
    response_class=HTMLResponse,
    responses={
        404: {"description": "A page that says that the link shows nothing", "content": {"text/html": {}}},
        **problems(TooMany),
    },
)
def show_shared(
    token: Token,
    request: Request,
    recordings: TheRecordings,
    shares: TheShares,
    links: TheLinks,
    jobs: TheJobs,
    media: TheMedia,
) -> HTMLResponse:
    """Show what a link shows as a page for people."""
    is_russian = request.headers.get("accept-language", "").lower().startswith("ru")
    headers = PRIVATE | {"Content-Security-Policy": CONTENT_SECURITY_POLICY}
    try:
        shared = _shared(token, recordings, shares, links, Response())
    except ParleyError:
        return HTMLResponse(page_of_nothing(russian=is_russian), 404, headers=headers)
    found = jobs.get_many(shared.recording.job_ids)
    content = page(
        shared.recording,
        shared.share,
        token=token,
        transcript=_transcript(shared, found, media),
        summary=_summary(shared, found, media),
        russian=is_russian,
    )
    return HTMLResponse(content, headers=headers)


def _transcript(shared: Shared, jobs: list[Job], media: Media) -> Transcript | None:
    job = newest_result(jobs, Kind.TRANSCRIBE)
    if Part.TRANSCRIPT not in shared.share.parts or job is None:
        return None
    return transcript_from_json(media.read(transcript_key(shared.recording, job) or ""))


def _summary(shared: Shared, jobs: list[Job], media: Media) -> Summary | None:
    job = newest_result(jobs, Kind.SUMMARISE)
    if Part.SUMMARY not in shared.share.parts or job is None:
        return None
    return summary_from_json(media.read(job.result_key or ""))

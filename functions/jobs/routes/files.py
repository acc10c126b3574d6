"""Files that jobs have made."""

from typing import Any, Final

from fastapi.responses import RedirectResponse

from functions.api.callers import JobsReader
from functions.api.problems import problems
from functions.core.errors import Conflict, Gone, Invalid, NotFound
from functions.jobs.ascii_schemas import FileName
from functions.jobs.parts import JobId, TheAsciiFiles, TheJobs, seen_job
from functions.jobs.routes.door import router

# The document says 307 in place of 200, and neither has a body.
_LEADS: Final[dict[str, Any]] = {"status_code": 307, "response_class": RedirectResponse}


@router.get(
    "/jobs/{job_id}/files/{file_name}",
    **_LEADS,
    responses={307: {"description": "The file, at a signed address"}, **problems(NotFound, Conflict, Gone, Invalid)},
)
def read_job_file(
    job_id: JobId, file_name: FileName, caller: JobsReader, jobs: TheJobs, files: TheAsciiFiles
) -> RedirectResponse:
    """Fetch what a video was turned into: its MP4 (`video`), the texts or pictures of all frames, a GIF, an asciicast.

    `frames` is the ZIP of pictures or, where none was asked for, that of texts. Files are kept for
    `limits.ascii_keep_days` of `GET /v1/info`.
    """
    return RedirectResponse(files.address(seen_job(job_id, caller, jobs), file_name), 307)


@router.get(
    "/jobs/{job_id}/preview",
    **_LEADS,
    responses={
        307: {"description": "The first frame, a PNG, at a signed address"},
        **problems(NotFound, Conflict, Gone),
    },
)
def read_job_preview(job_id: JobId, caller: JobsReader, jobs: TheJobs, files: TheAsciiFiles) -> RedirectResponse:
    """Fetch the first frame of a video that becomes ASCII; it is there soon after the start of its job."""
    return RedirectResponse(files.still(seen_job(job_id, caller, jobs)), 307)

"""Health, info, the document and its pages. A path that no door owns comes here too, and ends in a 404."""

import time
from importlib.resources import files
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Path, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from functions.api.callers import Admin
from functions.api.problems import problems
from functions.api.services import service
from functions.core.clock import Clock
from functions.core.errors import NotFound, Unavailable
from functions.core.jobs.allowed_models import AllowedModels
from functions.core.jobs.options import Template
from functions.core.jobs.queue_depths import QueueDepths
from functions.core.jobs.worker_report import WorkerReport, WorkerReports
from functions.core.observability import log
from functions.core.redrives import Redrives
from functions.core.speech_models import MODELS
from functions.core.version import VERSION
from functions.core.webhooks.store import Webhooks
from functions.system.checks import Sight, findings
from functions.system.schemas import (
    Finding,
    Health,
    Info,
    Limits,
    ModelInfo,
    ModelRow,
    RedriveAnswer,
    RedriveRequest,
    SystemCheck,
    worker_row,
)
from functions.system.settings import SystemSettings

router = APIRouter(tags=["system"])

STARTED: Final = time.monotonic()
FEATURES: Final = [
    "upload",
    "transcript",
    "captions",
    "word-timestamps",
    "translation",
    "vocabulary",
    "speakers-by-channel",
    "summary",
    "summary-templates",
    "summary-questions",
    "ascii-video",
    "resumable-uploads",
    "search",
    "corrections",
    "share-links",
    "locations",
    "statistics",
    "batches",
    "presets",
    "webhooks",
    "api-keys",
    "openai-api",
]
"""What a program may count on; `speakers-by-voice` besides where the newest worker has a model for it."""
ASSETS: Final = {
    "swagger-ui-bundle.js": "text/javascript",
    "swagger-ui.css": "text/css",
    "redoc.standalone.js": "text/javascript",
    "docs.js": "text/javascript",
}

TheClock = Annotated[Clock, Depends(service(Clock))]
TheQueues = Annotated[QueueDepths, Depends(service(QueueDepths))]
TheRedrives = Annotated[Redrives, Depends(service(Redrives))]
TheReports = Annotated[WorkerReports, Depends(service(WorkerReports))]
TheSettings = Annotated[SystemSettings, Depends(service(SystemSettings))]
TheWebhooks = Annotated[Webhooks, Depends(service(Webhooks))]


@router.get("/v1/health")
@router.get("/health", include_in_schema=False)
@router.get("/healthz", include_in_schema=False)
def read_health(queues: TheQueues) -> Health:
    """Tell whether the house lives."""
    return Health(version=VERSION, uptime_seconds=round(time.monotonic() - STARTED, 1), active_jobs=queues.in_flight())


@router.get("/v1/info")
def read_info(reports: TheReports, settings: TheSettings) -> Info:
    """Tell what the house is: which model transcribes on what, and what is taken."""
    report = reports.newest()
    return Info(
        version=VERSION,
        model=ModelInfo(
            setting=settings.whisper_model,
            name=report.model if report else None,
            notes=list(report.model_notes) if report else [],
            device=report.device if report else None,
            compute_type=report.compute_type if report else None,
        ),
        models=_models(report, settings),
        summary_engine=report.summary_engine if report else None,
        summary_templates=list(Template),
        diarizer=report.diarizer if report else None,
        device=report.device if report else None,
        # Reports of old have no word on it, but on the device.
        gpu=(report.gpu is not None or report.device == "cuda") if report else None,
        fast_mode=settings.whisper_fast_mode,
        limits=Limits(
            max_upload_bytes=settings.max_upload_bytes,
            upload_minutes=settings.upload_minutes,
            ascii_most_pixels=settings.ascii_most_pixels,
            ascii_longest_seconds=settings.ascii_longest_seconds,
            ascii_keep_days=settings.ascii_keep_days,
        ),
        features=[*FEATURES, *(["speakers-by-voice"] if report and report.diarizer else [])],
    )


@router.get("/v1/system-check")
def check_system(
    _: Admin,
    reports: TheReports,
    queues: TheQueues,
    webhooks: TheWebhooks,
    settings: TheSettings,
    clock: TheClock,
) -> SystemCheck:
    """Look at all that may be wrong: the workers and what they run, the queues, the dead letters, the last error.

    A worker that is not there is well where no job waits: workers are started for work. For admins.
    """
    now = clock()
    sight = Sight(
        report=reports.newest(),
        workers=reports.all(now),
        lanes=queues.lanes(),
        dead=queues.dead(),
        webhooks=webhooks.unwell(),
        speech=settings,
        now=now,
    )
    checks = [Finding(name=one.name, ok=one.ok, detail=one.detail) for one in findings(sight)]
    rows = [worker_row(one, now) for one in sight.known]
    return SystemCheck(ok=all(one.ok for one in checks), checked_at=now, checks=checks, workers=rows)


@router.post("/v1/system-check/redrive", status_code=202, responses=problems(Unavailable))
def redrive(request: RedriveRequest, caller: Admin, queues: TheQueues, redrives: TheRedrives) -> RedriveAnswer:
    """Have what nobody could do when it was due tried again; what fails once more lies there again.

    `uploads` are taken in, `changes` are followed up as far as they are not older than a day, `webhooks` go back to
    their queue. It may be asked for twice: whatever was done already is not done again. For admins.
    """
    messages = queues.dead()[f"dead {request.queue}"]
    if messages:
        redrives.ask(request.queue)
    log.info("redrive", queue=request.queue, messages=messages, asked_by=caller.user_id)
    return RedriveAnswer(queue=request.queue, messages=messages)


@router.get("/openapi.json", include_in_schema=False)
def read_document() -> Response:
    """Return the one OpenAPI document of all doors."""
    return Response(_file("openapi.json"), media_type="application/json")


@router.get("/docs", include_in_schema=False)
def show_docs() -> HTMLResponse:
    """Show the document to try things out."""
    return _page("docs.html")


@router.get("/redoc", include_in_schema=False)
def show_redoc() -> HTMLResponse:
    """Show the document to read."""
    return _page("redoc.html")


@router.get("/docs/{name}", include_in_schema=False)
def read_asset(name: Annotated[str, Path(max_length=64)]) -> Response:
    """Return a part of the pages; they load nothing from anywhere else, so they work offline."""
    if name not in ASSETS:
        raise NotFound("There is no such file.")
    headers = {"Cache-Control": "public, max-age=86400"}
    if name == "docs.js":
        return Response(_file(f"pages/{name}"), media_type=ASSETS[name], headers=headers)
    # Packed as kept: 2 MB of script would be a third of what a Lambda may answer.
    headers["Content-Encoding"] = "gzip"
    return Response(_file(f"pages/{name}.gz"), media_type=ASSETS[name], headers=headers)


@router.get("/", include_in_schema=False)
def show_start() -> RedirectResponse:
    """Lead to the documentation."""
    return RedirectResponse("/docs", 307)


def _models(report: WorkerReport | None, settings: SystemSettings) -> list[ModelRow]:
    there = report.models_on_disk if report else None
    default = report.model if report and report.model else settings.whisper_model
    allowed = AllowedModels(settings.allowed_models)
    return [
        ModelRow(
            name=row.name,
            parameters=row.parameters,
            memory_mb=row.memory_mb,
            gpu_memory_mb=row.gpu_memory_mb,
            speed=row.speed,
            languages=row.languages,
            translates=row.translates,
            advice=row.advice,
            on_disk=None if there is None else row.name in there,
            default=row.name == default,
        )
        for row in MODELS.values()
        if row.name in allowed
    ]


def _page(name: str) -> HTMLResponse:
    # Swagger UI and ReDoc style themselves inline.
    policy = (
        "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; worker-src blob:; "
        "frame-ancestors 'none'; base-uri 'none'"
    )
    return HTMLResponse(_file(f"pages/{name}"), headers={"Content-Security-Policy": policy})


def _file(name: str) -> bytes:
    return (files("functions.system") / name).read_bytes()

"""Health, info, the document and its pages. A path that no door owns comes here too, and ends in a 404."""

import time
from importlib.resources import files
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Path, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from functions.api.services import service
from functions.core.errors import NotFound
from functions.core.jobs.queue import QueueDepths
from functions.core.jobs.worker_report import WorkerReports
from functions.core.version import VERSION
from functions.system.schemas import Health, Info, Limits, ModelInfo
from functions.system.settings import SystemSettings

router = APIRouter(tags=["system"])

STARTED: Final = time.monotonic()
FEATURES: Final = ["upload", "transcript", "summary", "api-keys"]
ASSETS: Final = {
    "swagger-ui-bundle.js": "text/javascript",
    "swagger-ui.css": "text/css",
    "redoc.standalone.js": "text/javascript",
    "docs.js": "text/javascript",
}

TheQueues = Annotated[QueueDepths, Depends(service(QueueDepths))]
TheReports = Annotated[WorkerReports, Depends(service(WorkerReports))]
TheSettings = Annotated[SystemSettings, Depends(service(SystemSettings))]


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
        summary_engine=report.summary_engine if report else None,
        device=report.device if report else None,
        fast_mode=settings.whisper_fast_mode,
        limits=Limits(max_upload_bytes=settings.max_upload_bytes, upload_minutes=settings.upload_minutes),
        features=FEATURES,
    )


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


def _page(name: str) -> HTMLResponse:
    # Swagger UI and ReDoc style themselves inline.
    policy = (
        "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; worker-src blob:; "
        "frame-ancestors 'none'; base-uri 'none'"
    )
    return HTMLResponse(_file(f"pages/{name}"), headers={"Content-Security-Policy": policy})


def _file(name: str) -> bytes:
    return (files("functions.system") / name).read_bytes()

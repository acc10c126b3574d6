"""One way to log: structured lines, each with the request id that a recording carries from the API to the worker.

JSON on AWS, readable lines on a desk (`LOG_FORMAT=console`).
"""

import logging
import sys
from typing import Any, Final, Literal

import structlog
from structlog.tracebacks import ExceptionDictTransformer


class _Log:
    """The house's logger. Never hand it a secret, a transcript or a file name: logs are kept longer than recordings."""

    def __init__(self) -> None:
        self._logger: structlog.stdlib.BoundLogger = structlog.get_logger()

    def debug(self, event: str, **facts: Any) -> None:
        """Log what only a developer asks for."""
        self._logger.debug(event, **facts)

    def info(self, event: str, **facts: Any) -> None:
        """Log what happened."""
        self._logger.info(event, **facts)

    def warning(self, event: str, **facts: Any) -> None:
        """Log what is odd and handled."""
        self._logger.warning(event, **facts)

    def error(self, event: str, **facts: Any) -> None:
        """Log what somebody must look at; inside an `except` with its traceback."""
        self._logger.error(event, exc_info=sys.exc_info()[0] is not None, **facts)

    def bind_request(self, request_id: str, **facts: Any) -> None:
        """Put `request_id` and `facts` on every further line of this invocation or thread."""
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request_id, **facts)

    def request_id(self) -> str | None:
        """Return the bound request id."""
        request_id: str | None = structlog.contextvars.get_contextvars().get("request_id")
        return request_id


log: Final = _Log()


def set_up_logging(process: str, *, level: str = "INFO", form: Literal["json", "console"] = "json") -> None:
    """Send all log lines of this process, its libraries' included, to stderr."""
    colours = sys.stderr.isatty()
    # Tracebacks without the values of variables: among them are passwords, keys and what people said.
    renderer: Any = (
        structlog.dev.ConsoleRenderer(
            colors=colours, pad_event_to=32, exception_formatter=structlog.dev.plain_traceback
        )
        if form == "console"
        else structlog.processors.JSONRenderer(ensure_ascii=False)
    )
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="%H:%M:%S" if form == "console" else "iso", utc=form == "json"),
        lambda _logger, _method, event: {"process": process, **event},
    ]
    # The console renderer shows tracebacks itself.
    tracebacks: list[Any] = (
        []
        if form == "console"
        else [structlog.processors.ExceptionRenderer(ExceptionDictTransformer(show_locals=False))]
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *tracebacks, renderer],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    for noisy in ("botocore", "urllib3", "httpx", "httpcore", "mangum", "faster_whisper"):
        logging.getLogger(noisy).setLevel(logging.WARNING)

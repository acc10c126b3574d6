"""Settings in small groups; a door composes those that it needs, and `template.yaml` sets exactly those.

Read from the environment once, at start: a missing or wrong one stops the process and says its name.
"""

from typing import Annotated, Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from functions.core.jobs.model import Lane


class Logging(BaseSettings):
    """How this process logs."""

    model_config = SettingsConfigDict(frozen=True)

    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    log_format: Literal["json", "console"] = "json"


class AccountsTable(BaseSettings):
    """Where accounts and API keys are."""

    accounts_table: str


class Tokens(BaseSettings):
    """What signs access tokens and cursors, and which operator keys open the house."""

    jwt_secret_key: Annotated[SecretStr, Field(min_length=32)]
    api_auth_token: SecretStr = SecretStr("")
    """Operator keys, separated by commas; they act as admins. Empty means that there are none."""


class LibraryTable(BaseSettings):
    """Where recordings and jobs are."""

    library_table: str


class MediaBucket(BaseSettings):
    """Where bytes are."""

    media_bucket: str


class MediaEndpoint(BaseSettings):
    """Where signed links point."""

    media_endpoint_url: str = ""
    """Where callers reach the bucket, if not at AWS's own address."""


class Uploads(BaseSettings):
    """What may be uploaded."""

    max_upload_bytes: int = Field(default=2 * 1024**3, gt=0, le=5 * 1024**3)
    """S3 takes at most 5 GiB in one request."""
    upload_minutes: int = Field(default=60, gt=0, le=12 * 60)
    """How long a signed upload works."""


class JobQueues(BaseSettings):
    """Where jobs wait."""

    speech_queue_url: str
    language_queue_url: str

    def queue_urls(self) -> dict[Lane, str]:
        """Return each lane's queue."""
        return {Lane.SPEECH: self.speech_queue_url, Lane.LANGUAGE: self.language_queue_url}


class Speech(BaseSettings):
    """Which model transcribes, and how. The doors only tell it; the worker does it."""

    whisper_model: str = "auto"
    whisper_device: Literal["auto", "cpu", "cuda"] = "auto"
    whisper_compute_type: str = "auto"
    whisper_fast_mode: bool = False


class Language(BaseSettings):
    """Which chat API summarises; without a key the offline engine does."""

    llm_base_url: str = "https://api.deepseek.com"
    llm_model: str = "deepseek-flash"
    llm_api_key: SecretStr = SecretStr("")

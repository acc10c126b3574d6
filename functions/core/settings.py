"""Settings in small groups; a door composes those that it needs, and `template.yaml` sets exactly those.

Read from the environment once, at start: a missing or wrong one stops the process and says its name.
"""

from typing import Final, Literal

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from functions.core.jobs.allowed_models import listed
from functions.core.jobs.model import Lane
from functions.core.limits.model import MOST_EXACT_CALLS
from functions.core.speech_models import MODELS

DEVELOPMENT_STAGES: Final = frozenset({"local", "dev"})
MOST_KEEP_DAYS: Final = 36500
"""A hundred years; whoever keeps recordings longer keeps them for ever."""


class Logging(BaseSettings):
    """How this process logs."""

    model_config = SettingsConfigDict(frozen=True)

    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    log_format: Literal["json", "console"] = "json"


class Stage(BaseSettings):
    """Which installation this is."""

    stage: str

    @property
    def is_development(self) -> bool:
        """Whether what must not exist in production may exist here."""
        return self.stage in DEVELOPMENT_STAGES


class AccountsTable(BaseSettings):
    """Where accounts, API keys, sessions and limits are."""

    accounts_table: str


class DataKeys(BaseSettings):
    """What protects the keys that sign and seal: a key of KMS, or one secret."""

    wrapping_key: str = ""
    """ARN of the KMS key; empty: `key_secret` does its work."""
    key_secret: SecretStr = SecretStr("")


class IndexKey(BaseSettings):
    """What phones and email addresses are found by."""

    index_key: str = ""
    """ARN of the KMS key; empty: `key_secret` does its work."""


class OperatorKeys(BaseSettings):
    """Which operator keys open the house."""

    api_auth_token: SecretStr = SecretStr("")
    """Separated by commas; they act as admins. Empty means that there are none."""


class RequestLimits(BaseSettings):
    """How often callers may call, and who they are."""

    auth_calls_per_minute: int = Field(default=5, ge=0, le=MOST_EXACT_CALLS)
    """Per route and address, where passwords and codes could be guessed; 0: no limit."""
    requests_per_minute: int = Field(default=600, ge=0)
    """Per account; 0: no limit."""
    edge_secret: SecretStr = SecretStr("")
    """What our CDN sends along (`X-Edge-Secret`), so that its word about a caller's address counts."""


class Door(AccountsTable, DataKeys, OperatorKeys, RequestLimits, Logging):
    """What every door with callers is told."""


class Registrations(BaseSettings):
    """Who may register, and how."""

    setup_code: SecretStr = SecretStr("")
    """Makes the first admin, once; empty: only an operator key does."""
    sms_countries: str = ""
    """ISO codes of countries, separated by commas, whose phones may register; empty: all. Some cost a fortune."""
    web_origin: str = ""
    """The one other origin whose pages may use the refresh cookie."""


class Mail(BaseSettings):
    """Whether email reaches people."""

    message_sender: Literal["aws", "log"]
    mail_from: str = ""
    """A sender that SES has verified; empty: no email is sent."""

    @property
    def sends_mail(self) -> bool:
        """Whether somebody with an email address alone can be told anything."""
        return self.message_sender == "log" or bool(self.mail_from)


class Sending(Mail):
    """How messages reach people."""

    sms_max_price_usd: str = Field(default="0.50", pattern=r"^\d+(\.\d+)?$")


class Inactivity(BaseSettings):
    """When an unused account ends."""

    inactive_account_days: int = Field(default=730, ge=0)
    """0: never."""
    stale_key_days: int = Field(default=365, ge=0)
    """An API key unused for so long is removed; 0: never."""
    most_erased_at_once: int = Field(default=20, ge=0)
    """If more accounts are due, and more than one in a hundred, none is erased until a person has looked."""
    housekeeping_dry_run: bool = False
    """Only say what would be done."""


class LibraryTable(BaseSettings):
    """Where recordings and jobs are."""

    library_table: str


class PresenceTable(BaseSettings):
    """Where connections, contacts and calls are."""

    presence_table: str


class Realtime(BaseSettings):
    """Where clients connect to be told what happens."""

    realtime_url: str
    """wss://.../ws"""


class MediaBucket(BaseSettings):
    """Where bytes are."""

    media_bucket: str


class MediaEndpoint(BaseSettings):
    """Where signed links point."""

    media_endpoint_url: str = ""
    """Where callers reach the bucket, if not at AWS's own address."""


class Uploads(BaseSettings):
    """What may be uploaded."""

    max_upload_bytes: int = Field(default=2 * 1024**3, gt=0, le=50 * 1024**3)
    """S3 takes at most 5 GiB in one request; what is larger comes in parts."""
    upload_minutes: int = Field(default=60, gt=0, le=12 * 60)
    """How long a signed upload works. One in parts may be gone on with for two days, with fresh signatures."""


class Keeping(BaseSettings):
    """How long recordings are kept."""

    keep_days: int = Field(default=0, ge=0, le=MOST_KEEP_DAYS)
    """Where their owners don't say otherwise; 0: for ever."""


class JobQueues(BaseSettings):
    """Where jobs wait."""

    speech_queue_url: str
    language_queue_url: str
    pictures_queue_url: str

    def queue_urls(self) -> dict[Lane, str]:
        """Return each lane's queue."""
        return {
            Lane.SPEECH: self.speech_queue_url,
            Lane.LANGUAGE: self.language_queue_url,
            Lane.PICTURES: self.pictures_queue_url,
        }


class AsciiKeeping(BaseSettings):
    """How long the files are kept that videos are turned into."""

    ascii_keep_days: int = Field(default=1, ge=1, le=365)
    """From when they were begun; the bucket deletes them by itself (template.yaml)."""


class AsciiLimits(BaseSettings):
    """Which videos are turned into ASCII."""

    ascii_most_pixels: int = Field(default=4096 * 2304, ge=16_384)
    """Of one picture."""
    ascii_longest_seconds: int = Field(default=3600, ge=1)


class Models(BaseSettings):
    """Which speech models people may ask for."""

    allowed_models: str = ""
    """Names out of the table of models, separated by commas; empty: all."""

    @field_validator("allowed_models")
    @classmethod
    def _need_known_names(cls, names: str) -> str:
        if unknown := listed(names) - MODELS.keys():
            raise ValueError(f"no models of the table: {', '.join(sorted(unknown))}")
        return names


class WebhookQueue(BaseSettings):
    """Where deliveries to webhooks wait."""

    webhook_queue_url: str


class WebhookAddresses(Stage):
    """Where messages to webhooks may go."""

    webhook_private_addresses: Literal["refuse", "allow"] = "refuse"
    """`allow`, in development only: receivers on a desk are on addresses that are not public."""


class Speech(BaseSettings):
    """Which model transcribes, and how. The doors only tell it; the worker does it."""

    whisper_model: str = "auto"
    whisper_device: Literal["auto", "cpu", "cuda"] = "auto"
    whisper_compute_type: str = "auto"
    whisper_fast_mode: bool = False


class Language(BaseSettings):
    """Which language model summarises; without a key the offline engine does."""

    llm_base_url: str = "https://api.deepseek.com"
    """Any OpenAI-compatible API; `bedrock` or `bedrock:<region>`: AWS Bedrock, under the worker's role."""
    llm_model: str = "deepseek-flash"
    """As the API calls it; for Bedrock the id of a model or of an inference profile."""
    llm_api_key: SecretStr = SecretStr("")
    """Bedrock needs none."""

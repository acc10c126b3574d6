"""Values that fit the setting of that name, where "x" does not: for importing handlers without an installation."""

from typing import Final

VALUES: Final = {
    "KEY_SECRET": "x" * 32,
    "WRAPPING_KEY": "",
    "STAGE": "dev",
    "MESSAGE_SENDER": "log",
    "SMS_MAX_PRICE_USD": "0.5",
    "AUTH_CALLS_PER_MINUTE": "5",
    "REQUESTS_PER_MINUTE": "600",
    "INACTIVE_ACCOUNT_DAYS": "730",
    "STALE_KEY_DAYS": "365",
    "HOUSEKEEPING_DRY_RUN": "false",
    "MOST_ERASED_AT_ONCE": "20",
    "MAX_UPLOAD_BYTES": "1",
    "UPLOAD_MINUTES": "1",
    "KEEP_DAYS": "0",
    "ASCII_KEEP_DAYS": "1",
    "ASCII_MOST_PIXELS": "100000",
    "ASCII_LONGEST_SECONDS": "60",
    "OPENAI_WAIT_SECONDS": "25",
    "ALLOWED_MODELS": "",
    "WEBHOOK_PRIVATE_ADDRESSES": "refuse",
    "WHISPER_FAST_MODE": "false",
    "WHISPER_DEVICE": "auto",
    "LOG_LEVEL": "INFO",
    "LOG_FORMAT": "json",
    "MEDIA_ENDPOINT_URL": "",
}

"""What an installation says of Web Push."""

from pydantic import SecretStr, model_validator
from pydantic_settings import BaseSettings


class WebPush(BaseSettings):
    """Whether browsers are rung that are not open."""

    vapid_private_key: SecretStr = SecretStr("")
    """32 bytes of a P-256 key in base64url; empty: nobody is."""
    vapid_subject: str = ""
    """`mailto:` or `https:`: whom push services write to when something is wrong with us (RFC 8292, 2.1)."""

    @model_validator(mode="after")
    def _need_a_subject(self) -> "WebPush":
        if self.vapid_private_key.get_secret_value() and not self.vapid_subject.startswith(("mailto:", "https://")):
            raise ValueError("VAPID_SUBJECT must be a mailto: or https: address where VAPID_PRIVATE_KEY is set")
        return self

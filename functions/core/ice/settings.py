"""What an installation says of its STUN and TURN servers."""

from typing import Literal

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings


def listed(text: str) -> tuple[str, ...]:
    """Return what stands in a list that is separated by commas."""
    return tuple(one.strip() for one in text.split(",") if one.strip())


class IceSettings(BaseSettings):
    """How calls find their way through networks. Nothing set: only within one network."""

    stun_urls: str = ""
    """`stun:host:port`, separated by commas."""
    turn_urls: str = ""
    """`turn:host:port?transport=udp`, `turns:host:443?transport=tcp`, separated by commas."""
    turn_secrets: SecretStr = SecretStr("")
    """What coturn knows as `static-auth-secret`, separated by commas, the newest first: that one is used."""
    kvs_channel_arn: str = ""
    """A signalling channel of Kinesis Video Streams: its TURN servers are used, and no others."""
    ice_ttl_seconds: int = Field(default=1800, ge=60, le=86400)
    """How long credentials begin new connections; those that are there go on."""
    ice_policy: Literal["all", "relay"] = "all"
    """`relay`: nobody learns the other one's address, and all calls go through TURN."""

    @field_validator("stun_urls")
    @classmethod
    def _need_stun(cls, text: str) -> str:
        return _need(text, ("stun:", "stuns:"))

    @field_validator("turn_urls")
    @classmethod
    def _need_turn(cls, text: str) -> str:
        return _need(text, ("turn:", "turns:"))

    @model_validator(mode="after")
    def _fits(self) -> "IceSettings":
        secrets = listed(self.turn_secrets.get_secret_value())
        if bool(self.turn_urls) != bool(secrets):
            raise ValueError("TURN_URLS and TURN_SECRETS go together")
        if self.kvs_channel_arn and self.turn_urls:
            raise ValueError("KVS_CHANNEL_ARN and TURN_URLS exclude each other")
        if self.ice_policy == "relay" and not (self.turn_urls or self.kvs_channel_arn):
            raise ValueError("ICE_POLICY=relay needs TURN_URLS or KVS_CHANNEL_ARN")
        return self


def _need(text: str, schemes: tuple[str, ...]) -> str:
    if wrong := [one for one in listed(text) if not one.startswith(schemes)]:
        raise ValueError(f"must begin with {' or '.join(schemes)}: {', '.join(wrong)}")
    return text

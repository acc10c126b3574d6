"""Which provider a process uses: KMS where a key of it is named, else the installation's secret."""

from functions.core.keys.provider import KeyProvider
from functions.core.keys.secret_provider import SecretProvider
from functions.core.settings import DataKeys


def provider_for(settings: DataKeys, *, index_key: str = "") -> KeyProvider:
    """Return the provider that settings name. Only who looks people up needs the `index_key`."""
    if not settings.wrapping_key:
        return SecretProvider(settings.key_secret.get_secret_value())
    # Loads boto3's KMS, which a desk has no use for.
    from functions.core.keys.kms_provider import KmsProvider  # noqa: PLC0415

    return KmsProvider(wrapping_key=settings.wrapping_key, index_key=index_key)

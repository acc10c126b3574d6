"""Which provider a process uses: KMS where a key of it is named, else the installation's secret."""

from functions.core.keys.provider import KeyProvider
from functions.core.keys.secret_provider import SecretProvider
from functions.core.settings import DataKeys, IndexKey


def provider_for(settings: DataKeys) -> KeyProvider:
    """Return the provider that settings name."""
    if not settings.wrapping_key:
        return SecretProvider(settings.key_secret.get_secret_value())
    # Loads boto3's KMS, which a desk has no use for.
    from functions.core.keys.kms_provider import KmsProvider  # noqa: PLC0415

    index_key = settings.index_key if isinstance(settings, IndexKey) else ""
    return KmsProvider(wrapping_key=settings.wrapping_key, index_key=index_key)

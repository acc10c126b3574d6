"""Keys protected by AWS KMS: what they wrap cannot be opened without it, and each use is in CloudTrail.

Price: 1 USD a key and month, 0.03 USD for 10,000 calls; data keys are kept unwrapped for a quarter of an hour.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from functions.core.aws import client
from functions.core.keys.provider import KeyRefused

if TYPE_CHECKING:
    from types_boto3_kms import KMSClient

_REFUSALS = {"InvalidCiphertextException", "IncorrectKeyException"}


class KmsProvider:
    """Wraps under one symmetric key, and indexes with one HMAC key."""

    def __init__(self, *, wrapping_key: str, index_key: str) -> None:
        self._wrapping_key = wrapping_key
        self._index_key = index_key

    def new_data_key(self, context: Mapping[str, str]) -> tuple[bytes, bytes]:
        """Make a data key; returns its 32 bytes and its wrapped form."""
        answer = self._client.generate_data_key(
            KeyId=self._wrapping_key, KeySpec="AES_256", EncryptionContext=dict(context)
        )
        return answer["Plaintext"], answer["CiphertextBlob"]

    def unwrap(self, wrapped: bytes, context: Mapping[str, str]) -> bytes:
        """Return the 32 bytes of a wrapped data key; raises KeyRefused."""
        try:
            answer = self._client.decrypt(
                KeyId=self._wrapping_key, CiphertextBlob=wrapped, EncryptionContext=dict(context)
            )
        except ClientError as error:
            if error.response["Error"]["Code"] in _REFUSALS:
                raise KeyRefused from error
            raise
        return answer["Plaintext"]

    def blind_index(self, message: bytes) -> bytes:
        """Return a keyed hash (HMAC-SHA-256, 32 bytes)."""
        answer = self._client.generate_mac(KeyId=self._index_key, MacAlgorithm="HMAC_SHA_256", Message=message)
        return answer["Mac"]

    @property
    def _client(self) -> "KMSClient":
        # Most invocations never need it.
        return client("kms")

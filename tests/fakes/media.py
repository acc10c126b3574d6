"""A bucket in memory. `tests/contracts/test_media.py` holds it and S3 to the same tests."""

from datetime import timedelta

from functions.core.errors import NotFound
from functions.core.recordings.media import Stored, UploadForm, source_key
from functions.core.recordings.model import Recording


class FakeMedia:
    def __init__(self) -> None:
        self.objects: dict[str, tuple[bytes, str]] = {}
        self.kept: set[str] = set()
        """Keys that the bucket still has a version of, be it a deleted one."""

    def upload_form(self, recording: Recording, *, life: timedelta) -> UploadForm:
        fields = {"key": source_key(recording), "Content-Type": recording.content_type}
        return UploadForm(url="https://bucket.example/", fields=fields)

    def download_url(self, key: str, *, filename: str, content_type: str) -> str:
        return f"https://bucket.example/{key}"

    def find(self, key: str) -> Stored | None:
        if key not in self.objects:
            return None
        body, content_type = self.objects[key]
        return Stored(size=len(body), content_type=content_type)

    def read(self, key: str, *, first: int | None = None) -> bytes:
        if key not in self.objects:
            raise NotFound("The bytes are not there.")
        return self.objects[key][0][:first]

    def read_range(self, key: str, start: int, end: int) -> bytes:
        return self.read(key)[start:end]

    def write(self, key: str, body: bytes, *, content_type: str) -> None:
        self.objects[key] = (body, content_type)
        self.kept.add(key)

    def remove(self, key: str) -> None:
        self.objects.pop(key, None)

    def remove_all(self, prefix: str) -> int:
        if not prefix.endswith("/"):
            raise ValueError(f"{prefix!r} does not end in '/'.")
        found = {key for key in self.kept if key.startswith(prefix)}
        self.kept -= found
        for key in found:
            self.remove(key)
        return len(found)

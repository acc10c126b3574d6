"""The index over a real table and bucket; over fakes `tests/core/search` holds it to its laws."""

from collections.abc import Mapping
from typing import Any

import boto3

from functions.core.recordings.media import S3Media
from functions.core.table import DynamoTable
from tests.search_library import Library


def test_what_comes_changes_and_goes_is_found_as_it_is_and_leaves_no_version(moto_names: Mapping[str, str]) -> None:
    table, bucket = DynamoTable(moto_names["LibraryTable"]), moto_names["MediaBucket"]
    library = Library(table=table, media=S3Media(bucket))
    known = [library.add("common бюджет", f"said{number} " * 30) for number in range(5)]
    library.say(known[0].id, "common", "corrected бюджеты")
    library.move(known[1].id, location_id="loc_2")
    for one in (0, 1):
        library.reconcile(known[one].id)
    library.index.remove_of(library.delete(known[2].id))

    assert any(len(pack.entries) > 1 for pack in library.manifest().packs)
    for query in ("common", "бюджета", '"common бюджет"', "said4 common", "corrected", "said2"):
        library.check(query)
    assert [hit.recording.id for hit in library.find("common", location_id="loc_2").hits] == [known[1].id]
    listed = versions(bucket, library.owner)
    assert "DeleteMarkers" not in listed
    assert [one["Key"] for one in listed["Versions"]] == sorted(pack.key for pack in library.manifest().packs)

    library.index.forget_owner(library.owner)

    assert "Versions" not in versions(bucket, library.owner)
    assert table.get(f"SEARCH#{library.owner}") is None


def versions(bucket: str, owner_id: str) -> Any:
    return boto3.client("s3").list_object_versions(Bucket=bucket, Prefix=f"search/{owner_id}/")

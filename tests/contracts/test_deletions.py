import json

from botocore.stub import ANY, Stubber
from structlog.testing import capture_logs

from functions.core.aws import client
from functions.core.recordings.deletions import EventBridgeDeletions
from infra.local.settings import REPOSITORY
from infra.local.template import read_template


def test_a_deletion_is_announced_as_the_rule_expects_it() -> None:
    resources = read_template(REPOSITORY / "template.yaml")["Resources"]
    rule = resources["MaintenanceRemoveFunction"]["Properties"]["Events"]["Deleted"]["Properties"]["Pattern"]
    entry = {
        "Source": rule["source"][0],
        "DetailType": rule["detail-type"][0],
        "Detail": json.dumps({"recording_id": "rec_1"}),
        "Resources": ["prod"],
    }
    with Stubber(client("events")) as events, capture_logs() as lines:
        events.add_response("put_events", {"FailedEntryCount": 0, "Entries": [{"EventId": "1"}]}, {"Entries": [entry]})
        EventBridgeDeletions(installation="prod").announce("rec_1")

    assert rule["resources"] == [{"Ref": "LibraryTable"}]
    assert lines == []


def test_an_announcement_that_is_refused_is_logged_and_breaks_nothing() -> None:
    refused = {"FailedEntryCount": 1, "Entries": [{"ErrorCode": "ThrottlingException", "ErrorMessage": "no"}]}
    with Stubber(client("events")) as events, capture_logs() as lines:
        events.add_response("put_events", refused, {"Entries": ANY})
        EventBridgeDeletions().announce("rec_1")

    assert [(line["recording_id"], line["code"]) for line in lines] == [("rec_1", "ThrottlingException")]

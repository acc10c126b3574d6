"""What a desk has not, and why. Everything else in the template is made, read, or stops the start."""

from collections.abc import Mapping
from typing import Any, Final

TYPES: Final = {
    # Those of HTTP APIs; a WebSocket API's has a name, which is part of its address.
    "AWS::ApiGatewayV2::Stage": "throttling: there is one user, and he is to see his own errors",
    "AWS::CloudWatch::Alarm": "nobody is paged at a desk",
    "AWS::KMS::Key": "the data folder's own secret protects keys here",
    "AWS::Lambda::LayerVersion": "functions import from the working tree's environment",
    "AWS::Lambda::Permission": "the gateway and the pollers are the only callers",
    "AWS::Logs::LogGroup": "logs go to the terminal",
}

RESOURCES: Final = {
    "MediaBucketPolicy": "aws:SecureTransport is false over plain http: it would refuse everybody",
    "WorkerExecutionRole": "nobody fetches an image",
}


def reason_for(logical_id: str, definition: Mapping[str, Any]) -> str | None:
    """Return why a resource is left out; None where it is not."""
    if definition["Type"] == "AWS::ApiGatewayV2::Stage" and definition["Properties"]["StageName"] != "$default":
        return None
    return RESOURCES.get(logical_id) or TYPES.get(definition["Type"])

"""Models on AWS Bedrock, asked under the worker's own role: no key, and the transcript stays with AWS.

As with the chat API, what the service says in its own words is never quoted.
"""

import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    HTTPClientError,
    NoRegionError,
    ParamValidationError,
)

from functions.core import aws
from gpu_worker.language.failures import SummaryMisconfigured, SummaryUnavailable
from gpu_worker.language.model import Message, TextTooLong, complains_of_length, patiently

if TYPE_CHECKING:
    from types_boto3_bedrock_runtime import BedrockRuntimeClient
    from types_boto3_bedrock_runtime.type_defs import ConverseResponseTypeDef, MessageTypeDef

BEDROCK: Final = "bedrock"

_ADDRESS: Final = re.compile(rf"{BEDROCK}(?::(?P<region>[a-z]{{2,}}(?:-[a-z]+)+-\d+))?")
_BUSY: Final = frozenset(
    {
        "ThrottlingException",
        "TooManyRequestsException",
        "ServiceUnavailableException",
        "ModelNotReadyException",
        "ModelTimeoutException",
        "ModelErrorException",
        "InternalServerException",
    }
)
_REFUSALS: Final = {
    "AccessDeniedException": "does not let our role use this model",
    "ResourceNotFoundException": "has no such model in this region",
}
_CUT_OFF: Final = frozenset({"max_tokens", "model_context_window_exceeded"})
# What came instead of an answer: a filter's own words, or a tool that we never offered.
_NO_ANSWER: Final = frozenset(
    {"guardrail_intervened", "content_filtered", "malformed_model_output", "malformed_tool_use", "tool_use"}
)


def is_bedrock(base_url: str) -> bool:
    """Whether the address of the language model means Bedrock: `bedrock` or `bedrock:<region>`."""
    return base_url.partition(":")[0] == BEDROCK


@dataclass(frozen=True, slots=True, kw_only=True)
class BedrockModel:
    """A model, or an inference profile, by its id or ARN, and where it is."""

    model_id: str
    client: "BedrockRuntimeClient"
    wait: Callable[[float], None] = time.sleep

    @classmethod
    def at(cls, base_url: str, *, model: str) -> "BedrockModel":
        """Find it.

        Raises:
            SummaryMisconfigured: the address or the model's name cannot be one.
        """
        address = _ADDRESS.fullmatch(base_url)
        if address is None:
            raise SummaryMisconfigured("The address of Bedrock is `bedrock` or `bedrock:<region>`.")
        if not model:
            raise SummaryMisconfigured("Bedrock needs the id of a model or of an inference profile.")
        try:
            return cls(model_id=model, client=aws.client("bedrock-runtime", region=address["region"]))
        except NoRegionError:
            raise SummaryMisconfigured("Nobody says in which region Bedrock is asked.") from None

    @property
    def model(self) -> str:
        """The model's name without the account that an ARN tells."""
        return self.model_id.rpartition("/")[2]

    def ask(self, messages: Sequence[Message]) -> str:
        """The model's answer, as `LanguageModel` promises it."""
        return patiently(lambda: self._ask_once(messages), self.wait)

    def _ask_once(self, messages: Sequence[Message]) -> str:
        try:
            return _content(self._converse(messages, temperature=0.0))
        except ClientError as error:
            if not _is_about_temperature(error):
                raise _failure(error) from None
        try:
            # Some newer models take no temperature at all.
            return _content(self._converse(messages))
        except ClientError as error:
            raise _failure(error) from None

    def _converse(self, messages: Sequence[Message], **settings: float) -> "ConverseResponseTypeDef":
        system = [{"text": message["content"]} for message in messages if message["role"] == "system"]
        try:
            return self.client.converse(
                modelId=self.model_id,
                messages=_turns(messages),
                system=system,  # type: ignore[arg-type]
                inferenceConfig=settings,  # type: ignore[arg-type]
            )
        except HTTPClientError as error:
            raise SummaryUnavailable(f"Bedrock cannot be reached ({type(error).__name__}).") from None
        except ParamValidationError:
            raise SummaryMisconfigured("The id of the model is none that Bedrock can have.") from None
        except BotoCoreError as error:
            name = type(error).__name__
            if name == "NoCredentialsError":
                raise SummaryMisconfigured("There is no role to ask Bedrock under.") from None
            raise SummaryUnavailable(f"Bedrock could not be asked ({name}).") from None


def _turns(messages: Sequence[Message]) -> "list[MessageTypeDef]":
    """Bedrock wants the roles to alternate: what one says in a row is one turn."""
    said = (message for message in messages if message["role"] != "system")
    turns: Any = [
        {"role": role, "content": [{"text": message["content"]} for message in run]}
        for role, run in groupby(said, key=lambda message: message["role"])
    ]
    return turns  # type: ignore[no-any-return]


def _content(response: "ConverseResponseTypeDef") -> str:
    reason = response["stopReason"]
    if reason in _CUT_OFF:
        raise TextTooLong
    if reason in _NO_ANSWER:
        return ""
    blocks = response["output"].get("message", {}).get("content", ())
    return "".join(block.get("text", "") for block in blocks)


def _is_about_temperature(error: ClientError) -> bool:
    said = error.response["Error"]
    return said["Code"] == "ValidationException" and "temperature" in said["Message"]


def _failure(error: ClientError) -> Exception:
    code = error.response["Error"]["Code"]
    status = error.response["ResponseMetadata"]["HTTPStatusCode"]
    if code == "ValidationException" and complains_of_length(error.response["Error"]["Message"]):
        return TextTooLong()
    if code in _BUSY or status == 429 or status >= 500:
        return SummaryUnavailable(f"Bedrock is busy or down ({code}).")
    reason = _REFUSALS.get(code, "refuses our question: check the model's id and the role")
    return SummaryMisconfigured(f"Bedrock {reason} ({code}).")

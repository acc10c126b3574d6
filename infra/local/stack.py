"""The template with everything resolved: what the local system runs."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from infra.local.errors import CannotRun
from infra.local.naming import Names, Place
from infra.local.patterns import Pattern, refuse_unknown_rules
from infra.local.resources.aws import Aws
from infra.local.resources.making import make_data, make_roles, make_rules, refuse_unknown_types
from infra.local.resources.properties import Properties, refuse_unknown
from infra.local.template import Template, transform
from infra.local.web_sockets.api import WebSocketApi, is_web_socket, read_web_socket_api

_ANY_METHOD: Final = "x-amazon-apigateway-any-method"
_QUEUE_MAPPING: Final = {"BatchSize", "EventSourceArn", "FunctionName", "FunctionResponseTypes"}
_STREAM_MAPPING: Final = {
    "BatchSize",
    "BisectBatchOnFunctionError",
    "DestinationConfig",
    "EventSourceArn",
    "FilterCriteria",
    "FunctionName",
    "MaximumBatchingWindowInSeconds",
    "MaximumRetryAttempts",
    "StartingPosition",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Failures:
    """What becomes of an event that a function, called without waiting, cannot take."""

    retries: int = 2
    """Lambda's own default."""
    queue_url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Function:
    """One Lambda function."""

    logical_id: str
    name: str
    arn: str
    handler: str
    environment: Mapping[str, str]
    timeout: int
    memory: int
    role_arn: str
    failures: Failures


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """A route of the HTTP API."""

    method: str
    path: str
    function: str

    @property
    def key(self) -> str:
        """What API Gateway calls it."""
        return self.path if self.path == "$default" else f"{self.method} {self.path}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """Events that call a function: what a bucket says, or a schedule."""

    name: str
    arn: str
    function: str
    queue_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueMapping:
    """A queue whose messages call a function."""

    queue_url: str
    queue_arn: str
    function: str
    batch_size: int
    reports_failures: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamMapping:
    """A table whose changes call a function."""

    name: str
    table: str
    stream_arn: str
    function: str
    batch_size: int
    filters: tuple[Pattern, ...]
    """One of them must match, if there are any."""
    bisects: bool
    retries: int | None
    """None: for as long as the stream keeps the changes."""
    queue_url: str | None
    """Where is told what was given up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Worker:
    """The container that works off jobs."""

    environment: Mapping[str, str]
    role_arn: str
    stop_timeout: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Stack:
    """Everything that the template describes, by logical id where it has one."""

    functions: Mapping[str, Function]
    routes: tuple[Route, ...]
    web_sockets: WebSocketApi | None
    rules: tuple[Rule, ...]
    queue_mappings: tuple[QueueMapping, ...]
    stream_mappings: tuple[StreamMapping, ...]
    worker: Worker | None
    names: Mapping[str, str]
    """What `Ref` gives for each resource."""


def make_stack(aws: Aws, template: Template, parameters: Mapping[str, str], *, api_url: str) -> Stack:
    """Make a template's resources, or bring them up to it, and say how the rest is to be run."""
    translated = transform(template, region=aws.region)
    refuse_unknown_types(translated)
    names = Names(translated, parameters, _place(aws, parameters, api_url))
    make_data(aws, translated, names)
    make_roles(aws, translated, names)
    queues = make_rules(aws, translated, names, prefix=_stack_name(parameters))
    return read_stack(translated, names, queues)


def make_data_only(aws: Aws, template: Template, parameters: Mapping[str, str]) -> Mapping[str, str]:
    """Make a template's tables, queues and buckets; returns what `Ref` gives for each resource.

    For tests against moto's AWS in their own process, which know no roles and call no functions.
    """
    names = Names(template, parameters, _place(aws, parameters, api_url="http://localhost"))
    make_data(aws, template, names)
    return {logical_id: names.ref(logical_id) for logical_id in template["Resources"]}


def read_stack(template: Template, names: Names, rule_queues: Mapping[str, str]) -> Stack:
    """Read what our own processes stand in for."""
    reading = _Reading(template, names)
    return Stack(
        functions=reading.functions(),
        routes=tuple(reading.routes()),
        web_sockets=reading.web_sockets(),
        rules=tuple(reading.rules(rule_queues)),
        queue_mappings=tuple(reading.queue_mappings()),
        stream_mappings=tuple(reading.stream_mappings()),
        worker=reading.worker(),
        names={logical_id: names.ref(logical_id) for logical_id in template["Resources"]},
    )


class _Reading:
    """One pass over a template."""

    def __init__(self, template: Template, names: Names) -> None:
        self._names = names
        self._by_type: dict[str, dict[str, Any]] = {}
        for logical_id, definition in template["Resources"].items():
            if names.is_wanted(definition):
                self._by_type.setdefault(definition["Type"], {})[logical_id] = definition.get("Properties") or {}

    def functions(self) -> dict[str, Function]:
        return {
            logical_id: self._function(logical_id, self._names.resolve(_without(properties, "Code", "Layers")))
            for logical_id, properties in self._all("AWS::Lambda::Function")
        }

    def routes(self) -> list[Route]:
        return [
            Route(method=_method(method), path=path, function=self._function_called_by(operation))
            for _, api in self._all("AWS::ApiGatewayV2::Api")
            if not is_web_socket(api)
            for path, operations in self._names.resolve(api["Body"]["paths"]).items()
            for method, operation in operations.items()
        ]

    def web_sockets(self) -> WebSocketApi | None:
        return read_web_socket_api(self._all, self._names)

    def rules(self, queues: Mapping[str, str]) -> list[Rule]:
        rules = []
        for logical_id, properties in self._all("AWS::Events::Rule"):
            target, *others = self._names.resolve(properties["Targets"])
            if others or set(target) - {"Arn", "Id", "DeadLetterConfig"}:
                raise CannotRun(f"template.yaml: {logical_id} calls its function in a way that infra/local lacks.")
            rules.append(
                Rule(
                    name=self._names.of(logical_id),
                    arn=self._names.arn(logical_id),
                    function=self._names.logical_id_of(target["Arn"]),
                    queue_url=queues[logical_id],
                )
            )
        return rules

    def queue_mappings(self) -> list[QueueMapping]:
        mappings = []
        for logical_id, properties in self._mappings("AWS::SQS::Queue"):
            refuse_unknown(properties, _QUEUE_MAPPING, of=logical_id)
            mappings.append(
                QueueMapping(
                    queue_url=self._names.ref(self._names.logical_id_of(properties["EventSourceArn"])),
                    queue_arn=properties["EventSourceArn"],
                    function=self._function_named(properties["FunctionName"]),
                    batch_size=int(properties.get("BatchSize", 10)),
                    reports_failures="ReportBatchItemFailures" in properties.get("FunctionResponseTypes", []),
                )
            )
        return mappings

    def stream_mappings(self) -> list[StreamMapping]:
        mappings = [
            self._stream_mapping(logical_id, properties)
            for logical_id, properties in self._mappings("AWS::DynamoDB::Table")
        ]
        if len({mapping.table for mapping in mappings}) < len(mappings):
            raise CannotRun("template.yaml: two functions follow one stream, and infra/local keeps one position.")
        return mappings

    def worker(self) -> Worker | None:
        for _, properties in self._all("AWS::ECS::TaskDefinition"):
            task = self._names.resolve(_without(properties, "ExecutionRoleArn"))
            container, *_ = task["ContainerDefinitions"]
            return Worker(
                environment={pair["Name"]: str(pair["Value"]) for pair in container.get("Environment", [])},
                role_arn=task["TaskRoleArn"],
                stop_timeout=int(container.get("StopTimeout", 30)),
            )
        return None

    def _mappings(self, source: str) -> list[tuple[str, Properties]]:
        resolved = ((name, self._names.resolve(each)) for name, each in self._all("AWS::Lambda::EventSourceMapping"))
        sources = dict(self._all(source))
        return [pair for pair in resolved if self._names.logical_id_of(pair[1]["EventSourceArn"]) in sources]

    def _stream_mapping(self, logical_id: str, properties: Properties) -> StreamMapping:
        refuse_unknown(properties, _STREAM_MAPPING, of=logical_id)
        if properties["StartingPosition"] != "TRIM_HORIZON" or properties.get("MaximumBatchingWindowInSeconds"):
            raise CannotRun(f"template.yaml: {logical_id} follows its stream in a way that infra/local lacks.")
        filters = properties.get("FilterCriteria", {}).get("Filters", [])
        patterns = tuple(json.loads(each["Pattern"]) for each in filters)
        for pattern in patterns:
            refuse_unknown_rules(pattern, of=logical_id)
        retries = int(properties.get("MaximumRetryAttempts", -1))
        return StreamMapping(
            name=logical_id,
            table=self._names.of(self._names.logical_id_of(properties["EventSourceArn"])),
            stream_arn=properties["EventSourceArn"],
            function=self._function_named(properties["FunctionName"]),
            batch_size=int(properties.get("BatchSize", 100)),
            filters=patterns,
            bisects=bool(properties.get("BisectBatchOnFunctionError", False)),
            retries=None if retries < 0 else retries,
            queue_url=self._failure_queue(properties),
        )

    def _failure_queue(self, properties: Properties) -> str | None:
        arn = properties.get("DestinationConfig", {}).get("OnFailure", {}).get("Destination")
        return None if arn is None else self._names.ref(self._names.logical_id_of(arn))

    def _all(self, wanted: str) -> list[tuple[str, Any]]:
        return list(self._by_type.get(wanted, {}).items())

    def _function(self, logical_id: str, properties: Mapping[str, Any]) -> Function:
        return Function(
            logical_id=logical_id,
            name=self._names.of(logical_id),
            arn=self._names.arn(logical_id),
            handler=properties["Handler"],
            environment={k: str(v) for k, v in properties.get("Environment", {}).get("Variables", {}).items()},
            timeout=int(properties.get("Timeout", 3)),
            memory=int(properties.get("MemorySize", 128)),
            role_arn=properties["Role"],
            failures=self._failures(logical_id),
        )

    def _failures(self, function: str) -> Failures:
        for _, properties in self._all("AWS::Lambda::EventInvokeConfig"):
            resolved = self._names.resolve(_without(properties, "Qualifier"))
            if self._function_named(resolved["FunctionName"]) != function:
                continue
            return Failures(
                retries=int(resolved.get("MaximumRetryAttempts", 2)), queue_url=self._failure_queue(resolved)
            )
        return Failures()

    def _function_named(self, name: str) -> str:
        return next(i for i, _ in self._all("AWS::Lambda::Function") if name in {self._names.of(i), self._names.arn(i)})

    def _function_called_by(self, operation: Mapping[str, Any]) -> str:
        uri = self._names.resolve(operation["x-amazon-apigateway-integration"]["uri"])
        return self._names.logical_id_of(uri.split("/functions/")[1].removesuffix("/invocations"))


def _place(aws: Aws, parameters: Mapping[str, str], api_url: str) -> Place:
    return Place(stack=_stack_name(parameters), region=aws.region, account_id=aws.account_id, api_url=api_url)


def _stack_name(parameters: Mapping[str, str]) -> str:
    return f"parley-{parameters['Stage']}"


def _method(method: str) -> str:
    return "ANY" if method == _ANY_METHOD else method.upper()


def _without(properties: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {key: value for key, value in properties.items() if key not in names}

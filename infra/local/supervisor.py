"""Starts everything in the order in which it needs each other, and stops it in the reverse one."""

import asyncio
import errno
import os
import signal
import socket
from asyncio.subprocess import Process
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from typing import Final

import boto3

from functions.core.accounts.keeping import ADMINS_KEY
from infra.local.children import kill_group, python_environment, start_child, stop_child
from infra.local.credentials import CredentialsServer, Roles
from infra.local.data_dir import secrets_of
from infra.local.emulator import emulator_environment
from infra.local.errors import CannotRun
from infra.local.events import Poller, QueueEvents, RuleEvents
from infra.local.expiry import Expiry
from infra.local.functions import LocalFunction
from infra.local.gateway import Gateway
from infra.local.positions import Positions
from infra.local.resources.aws import Aws
from infra.local.routes import Routes
from infra.local.servers import QuietServer, gateway_config, listen
from infra.local.settings import LocalSettings
from infra.local.stack import Stack, make_stack
from infra.local.streams import StreamEvents
from infra.local.template import parameter_values, read_template
from infra.local.web_sockets.management import Management
from infra.local.web_sockets.serving import WebSockets
from infra.local.worker import LocalWorker, machine_environment

HEALTH: Final = "/v1/health"

_ACCOUNTS: Final = "AccountsTable"
_EMULATOR_START: Final = 60
_EMULATOR_STOP: Final = 10
_FUNCTIONS_STOP: Final = 5
_HEALTH_TRIES: Final = 10
_POLL_OTHER_STREAMS: Final = 0.25
_POLL_STREAMS: Final = 5.0


@dataclass(slots=True)
class System:
    """What runs, as far as it has been started."""

    settings: LocalSettings
    environ: Mapping[str, str]
    emulator: Process | None = None
    credentials: CredentialsServer | None = None
    functions: dict[str, LocalFunction] = field(default_factory=dict)
    gateway: QuietServer | None = None
    sockets: WebSockets | None = None
    pollers: list[Poller] = field(default_factory=list)
    streams: list[StreamEvents] = field(default_factory=list)
    expiry: Expiry | None = None
    worker: LocalWorker | None = None
    serving: asyncio.Task[None] | None = None
    warming: asyncio.Task[None] | None = None

    @property
    def sources(self) -> Sequence[Poller | StreamEvents]:
        """All that calls functions beside HTTP."""
        return [*self.pollers, *self.streams]


async def run(settings: LocalSettings, environ: Mapping[str, str]) -> None:
    """Run the local system until a signal ends it.

    Raises:
        CannotRun: something about this machine must be changed first, or a part of the system ended.
    """
    system = System(settings, environ)
    stop = _stop_on_signals(system)
    stopping = asyncio.create_task(stop.wait())
    working = asyncio.create_task(_start_and_watch(system))
    try:
        await asyncio.wait({stopping, working}, return_when=asyncio.FIRST_COMPLETED)
        if working.done():
            await working
    finally:
        working.cancel()
        stopping.cancel()
        await asyncio.gather(working, stopping, return_exceptions=True)
        await _stop(system)


async def _start_and_watch(system: System) -> None:
    settings = system.settings
    listener = _listen(settings.host, settings.port)
    aws = await _start_aws(system)
    stack = await asyncio.to_thread(_make_stack, system, aws)
    roles = Roles(aws)
    system.credentials = CredentialsServer(roles)
    system.credentials.start()
    _prepare_functions(system, stack)
    routes = Routes(stack.routes)
    gateway = _make_gateway(system, stack, routes, roles)
    system.gateway = QuietServer(gateway_config(gateway, has_web_sockets=system.sockets is not None))
    system.serving = asyncio.create_task(system.gateway.serve(sockets=[listener]))
    # Alone, so that it answers soon; the others follow in the background.
    health = routes.match("GET", HEALTH)
    if health is not None:
        await system.functions[health.route.function].start()
        await _until_healthy(settings)
    _start_pollers(system, stack, aws, roles)
    _print_banner(settings, setup_code=await asyncio.to_thread(_setup_code, system, aws, stack))
    system.warming = asyncio.create_task(_warm_up(system))
    _start_expiry(system, aws)
    _start_worker(system, stack)
    await _watch(system)


async def _start_aws(system: System) -> Aws:
    settings = system.settings
    if settings.given_endpoint is not None:
        return Aws(boto3.Session(), settings.region, settings.given_endpoint)
    secrets = secrets_of(settings.data_dir)
    # Bound and let go: one clear sentence instead of a child's traceback.
    _listen(settings.host, settings.emulator_port).close()
    environment = python_environment(system.environ) | emulator_environment(settings, secrets)
    system.emulator = await start_child("infra.local.emulator", str(os.getpid()), environment=environment, talks=True)
    assert system.emulator.stdout is not None
    is_ready = b""
    with suppress(TimeoutError):
        is_ready = await asyncio.wait_for(system.emulator.stdout.readline(), _EMULATOR_START)
    if not is_ready:
        raise CannotRun("The emulator did not start; its reason stands above.")
    session = boto3.Session(
        aws_access_key_id=secrets.aws_access_key_id, aws_secret_access_key=secrets.aws_secret_access_key
    )
    return Aws(session, settings.region, settings.aws_url)


def _make_stack(system: System, aws: Aws) -> Stack:
    settings = system.settings
    template = read_template(settings.template)
    secrets = secrets_of(settings.data_dir)
    ours = {
        "KeySecret": secrets.key_secret,
        "LogFormat": "console",
        "MediaEndpointUrl": settings.aws_url,
        "MessageSender": "log",
        "SetupCode": secrets.setup_code,
        "Stage": "local",
        "WebOrigin": settings.url,
        # Receivers on a desk are on this machine.
        "WebhookPrivateAddresses": "allow",
    }
    parameters = parameter_values(template, ours=ours, environ=system.environ)
    return make_stack(aws, template, parameters, api_url=settings.url)


def _prepare_functions(system: System, stack: Stack) -> None:
    for logical_id, function in stack.functions.items():
        environment = {**function.environment, **_environment_for(system, function.role_arn)}
        system.functions[logical_id] = LocalFunction(function, environment)


def _make_gateway(system: System, stack: Stack, routes: Routes, roles: Roles) -> Gateway:
    api = stack.web_sockets
    if api is None:
        return Gateway(routes, system.functions)
    system.sockets = WebSockets(api, system.functions)
    management = Management(api, system.sockets, region=system.settings.region, signers=roles.signer)
    return Gateway(routes, system.functions, sockets=system.sockets, management=management)


def _environment_for(system: System, role_arn: str) -> dict[str, str]:
    assert system.credentials is not None
    settings = system.settings
    return python_environment(system.environ) | system.credentials.environment_for(
        role_arn, aws_url=settings.aws_url, region=settings.region
    )


def _start_pollers(system: System, stack: Stack, aws: Aws, roles: Roles) -> None:
    for rule in stack.rules:
        events = RuleEvents(rule, system.functions[rule.function], aws=aws, roles=roles)
        system.pollers.append(Poller(rule.name, events.poll))
    for mapping in stack.queue_mappings:
        queue = QueueEvents(mapping, system.functions[mapping.function], roles=roles, region=aws.region)
        system.pollers.append(Poller(mapping.function, queue.poll))
    positions = Positions(system.settings.stream_positions)
    for each in stack.stream_mappings:
        # Our own emulator says when there is something.
        every = _POLL_OTHER_STREAMS if system.emulator is None else _POLL_STREAMS
        function = system.functions[each.function]
        system.streams.append(
            StreamEvents(each, function, roles=roles, region=aws.region, positions=positions, poll_every=every)
        )
    for source in system.sources:
        source.start()


def _start_expiry(system: System, aws: Aws) -> None:
    # Another AWS does it by itself.
    if system.emulator is not None:
        system.expiry = Expiry(aws)
        system.expiry.start()


def _start_worker(system: System, stack: Stack) -> None:
    if stack.worker is None:
        return
    environment = {
        **machine_environment(system.environ),
        **stack.worker.environment,
        **_environment_for(system, stack.worker.role_arn),
    }
    system.worker = LocalWorker(environment, stop_timeout=stack.worker.stop_timeout)
    system.worker.start()


async def _warm_up(system: System) -> None:
    # One after the other: the first requests come meanwhile.
    for function in system.functions.values():
        await function.start()


async def _watch(system: System) -> None:
    if system.emulator is not None:
        assert system.emulator.stdout is not None
        # It says a word for every change of a table that has a stream.
        while await system.emulator.stdout.readline():
            for stream in system.streams:
                stream.wake()
        await system.emulator.wait()
        raise CannotRun("The emulator ended, and nothing works without it; start again.")
    await asyncio.Event().wait()


async def _until_healthy(settings: LocalSettings) -> None:
    for _ in range(_HEALTH_TRIES):
        if await asyncio.to_thread(_is_healthy, settings):
            return
        await asyncio.sleep(0.5)
    raise CannotRun(f"{settings.url}{HEALTH} does not answer 200; the reason stands above.")


def _is_healthy(settings: LocalSettings) -> bool:
    connection = HTTPConnection(settings.url.removeprefix("http://"), timeout=10)
    try:
        connection.request("GET", HEALTH)
        return connection.getresponse().status == 200
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()


def _listen(host: str, port: int) -> socket.socket:
    try:
        return listen(host, port)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise CannotRun(f"Port {port} of {host} is in use; stop what uses it or set another PORT.") from None
        raise CannotRun(f"Cannot listen on {host}:{port}: {error.strerror}.") from None


async def _stop(system: System) -> None:
    """Stop taking work, let the worker release its jobs, then functions, and AWS last: all of them need it.

    WebSockets go first: functions are told of each, and uvicorn would close them with a code of its own.
    """
    for source in system.sources:
        source.stop()
    if system.expiry is not None:
        system.expiry.stop()
    if system.sockets is not None:
        await system.sockets.stop()
    if system.gateway is not None:
        system.gateway.should_exit = True
    if system.warming is not None:
        system.warming.cancel()
    if system.worker is not None:
        await system.worker.stop()
    await asyncio.gather(*(function.stop(_FUNCTIONS_STOP) for function in system.functions.values()))
    unfinished = [task for task in (system.warming, system.serving) if task is not None]
    await asyncio.gather(*unfinished, return_exceptions=True)
    if system.credentials is not None:
        await system.credentials.stop()
    if system.emulator is not None:
        await stop_child(system.emulator, grace=_EMULATOR_STOP)


def _stop_on_signals(system: System) -> asyncio.Event:
    stop = asyncio.Event()

    def on_signal() -> None:
        if stop.is_set():
            _kill_everything(system)
        print("\nStopping; once more stops at once.", flush=True)
        stop.set()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, on_signal)
    return stop


def _kill_everything(system: System) -> None:
    if system.worker is not None:
        system.worker.kill()
    for function in system.functions.values():
        function.kill()
    if system.emulator is not None:
        kill_group(system.emulator)
    os._exit(130)


def _setup_code(system: System, aws: Aws, stack: Stack) -> str | None:
    """Return the code that makes the first admin, while there is none."""
    if _ACCOUNTS not in stack.names:
        return None
    admins = aws.dynamodb.get_item(TableName=stack.names[_ACCOUNTS], Key={"pk": {"S": ADMINS_KEY}})
    return None if "Item" in admins else secrets_of(system.settings.data_dir).setup_code


def _print_banner(settings: LocalSettings, *, setup_code: str | None) -> None:
    # The command line looks there by itself.
    is_usual = settings.url == "http://127.0.0.1:8000"
    server = "" if is_usual else f"--server {settings.url} "
    lines = [
        ("Parley", settings.url),
        ("API", f"{settings.url}/docs"),
        ("Data", str(settings.data_dir)),
        ("Begin", f"parley {server}register"),
        *(
            [("Admin", f"parley {server}admin create --setup-code {setup_code}   (the first one; works once)")]
            if setup_code
            else []
        ),
        ("Stop", "ctrl-C"),
    ]
    print("\n" + "".join(f"  {name:<8} {text}\n" for name, text in lines), flush=True)

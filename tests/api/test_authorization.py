"""Who may do what: every route with every kind of caller, each cell with its status."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from enum import Enum, auto
from functools import cache
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from fastapi.routing import APIRoute

from functions.core.accounts.model import Role, Scope, User
from infra.doors import ROUTERS
from tests.builders import PASSWORD, a_job, a_location, a_recording
from tests.call_builders import a_call, a_device
from tests.fakes.clock import FakeClock
from tests.house import SETUP_CODE, House
from tests.webhook_builders import a_delivery, a_webhook


class Who(Enum):
    ANONYMOUS = auto()
    OWNER = auto()
    OTHER_USER = auto()
    ADMIN = auto()
    DEACTIVATED = auto()
    SIGNED_OUT = auto()
    EXPIRED_TOKEN = auto()
    FOREIGN_TOKEN = auto()
    UNSIGNED_TOKEN = auto()
    REVOKED_KEY = auto()
    KEY_WITHOUT_SCOPE = auto()


KNOWN = {Who.OWNER, Who.OTHER_USER, Who.ADMIN, Who.KEY_WITHOUT_SCOPE}


@dataclass
class Scene:
    """A house in which Anna owns one of everything."""

    house: House
    clock: FakeClock
    anna: User
    bert: User
    admin: User
    ids: dict[str, str]
    bundle: dict[str, str]
    """Of Anna's device."""


@dataclass(frozen=True)
class Row:
    """One operation: what happens where the caller may; `scope` None: any credential may; `open`: nobody is asked."""

    scope: Scope | None = None
    ok: int = 200
    is_open: bool = False
    is_owned: bool = False
    """Of somebody: for others it is not there."""
    admins_too: bool = False
    """Admins may do it with what is somebody's."""
    body: Callable[[Scene], dict[str, Any] | None] = lambda _: None
    form: Callable[[Scene], dict[str, Any] | None] = lambda _: None
    except_for: dict[Who, int] = field(default_factory=dict)


def open_to_all(ok: int, **more: Any) -> Row:
    return Row(is_open=True, ok=ok, **more)


def upload(scene: Scene) -> dict[str, Any]:
    return {"filename": "a.mp3", "size": 10, "content_type": "audio/mpeg"}


def transcription(scene: Scene) -> dict[str, Any]:
    return {"recording_id": scene.ids["recording_id"], "kind": "transcribe"}


NEW = {"username": "clara", "email": "clara@example.com", "password": PASSWORD}
NOTHING_TO_DO = {"kind": "transcribe", "recording_ids": ["rec_x"]}
PRESET = {"name": "Мой", "kind": "transcribe"}
NO_CHALLENGE = {"challenge_id": "chl_0", "code": "123456"}

A_STATEMENT = {"b": "e30", "s": "e30"}
CONSENT = {"request": A_STATEMENT, "grant": A_STATEMENT}
TRACK = {"size": 1000, "content_type": "audio/webm", "started_at": 1_795_262_400_000, "name": "Анна"}

MATRIX: dict[str, Row] = {
    # System: nobody is asked who they are.
    "GET /": open_to_all(307),
    "GET /docs": open_to_all(200),
    "GET /docs/{name}": open_to_all(200),
    "GET /health": open_to_all(200),
    "GET /healthz": open_to_all(200),
    "GET /openapi.json": open_to_all(200),
    "GET /redoc": open_to_all(200),
    "GET /v1/health": open_to_all(200),
    "GET /v1/info": open_to_all(200),
    # Where one becomes somebody.
    "POST /v1/auth/register": open_to_all(201, body=lambda _: NEW),
    "POST /v1/auth/register/verify": open_to_all(401, body=lambda _: NO_CHALLENGE),
    "POST /v1/auth/otp": open_to_all(202, body=lambda _: {"challenge_id": "chl_0"}),
    "POST /v1/auth/first-admin": open_to_all(409, body=lambda _: NEW | {"setup_code": SETUP_CODE}),
    "POST /v1/auth/login": open_to_all(
        200, body=lambda s: {"identifier": s.anna.username, "password": PASSWORD}, except_for={Who.DEACTIVATED: 401}
    ),
    "POST /v1/auth/token": open_to_all(
        200, form=lambda s: {"username": s.anna.username, "password": PASSWORD}, except_for={Who.DEACTIVATED: 401}
    ),
    "POST /v1/auth/refresh": open_to_all(401),
    "POST /v1/auth/password/reset": open_to_all(202, body=lambda s: {"identifier": s.anna.username}),
    "POST /v1/auth/password/reset/verify": open_to_all(401, body=lambda _: NO_CHALLENGE | {"new_password": PASSWORD}),
    # One's own account.
    "POST /v1/auth/logout": Row(ok=204, except_for={Who.KEY_WITHOUT_SCOPE: 409}),
    "GET /v1/auth/check": Row(),
    "GET /v1/auth/me": Row(Scope.ACCOUNT_READ),
    "PATCH /v1/auth/me": Row(Scope.ACCOUNT_WRITE, body=lambda _: {"name": "Анна"}),
    "DELETE /v1/auth/me": Row(Scope.ACCOUNT_WRITE, ok=204, except_for={Who.ADMIN: 409}),
    "POST /v1/auth/password": Row(
        Scope.ACCOUNT_WRITE,
        ok=204,
        body=lambda _: {"current_password": PASSWORD, "new_password": "another long password"},
    ),
    "POST /v1/auth/phone": Row(
        Scope.ACCOUNT_WRITE, ok=202, body=lambda _: {"phone": "+79991234567", "password": PASSWORD}
    ),
    "POST /v1/auth/phone/verify": Row(Scope.ACCOUNT_WRITE, ok=401, body=lambda _: NO_CHALLENGE),
    "GET /v1/auth/sessions": Row(Scope.ACCOUNT_READ),
    "DELETE /v1/auth/sessions": Row(Scope.ACCOUNT_WRITE, ok=204),
    "DELETE /v1/auth/sessions/{session_id}": Row(Scope.ACCOUNT_WRITE, ok=204, is_owned=True),
    "POST /v1/api-keys": Row(Scope.ACCOUNT_WRITE, ok=201, body=lambda _: {"name": "phone"}),
    "GET /v1/api-keys": Row(Scope.ACCOUNT_READ),
    "DELETE /v1/api-keys/{api_key_id}": Row(Scope.ACCOUNT_WRITE, ok=204, is_owned=True),
    # Admins.
    "GET /v1/users": Row(Scope.ADMIN),
    "GET /v1/users/{user_id}": Row(Scope.ADMIN),
    "PATCH /v1/users/{user_id}": Row(Scope.ADMIN, body=lambda _: {"active": False}),
    "DELETE /v1/users/{user_id}": Row(Scope.ADMIN, ok=204),
    "GET /v1/audit": Row(Scope.ADMIN),
    "GET /v1/system-check": Row(Scope.ADMIN),
    "POST /v1/system-check/redrive": Row(Scope.ADMIN, ok=202, body=lambda _: {"queue": "uploads"}),
    "GET /v1/debug/users": Row(Scope.ADMIN),
    # Recordings and jobs.
    "POST /v1/recordings": Row(Scope.RECORDINGS_WRITE, ok=201, body=upload),
    "GET /v1/recordings": Row(Scope.RECORDINGS_READ),
    "GET /v1/search": Row(Scope.RECORDINGS_READ, ok=422),
    "GET /v1/recordings/{recording_id}": Row(Scope.RECORDINGS_READ, is_owned=True, admins_too=True),
    "PATCH /v1/recordings/{recording_id}": Row(
        Scope.RECORDINGS_WRITE, is_owned=True, admins_too=True, body=lambda _: {"title": "Планёрка"}
    ),
    "DELETE /v1/recordings/{recording_id}": Row(Scope.RECORDINGS_WRITE, ok=204, is_owned=True, admins_too=True),
    "POST /v1/recordings/bulk-delete": Row(
        Scope.RECORDINGS_WRITE, body=lambda scene: {"ids": [scene.ids["recording_id"]]}
    ),
    "GET /v1/recordings/{recording_id}/audio": Row(Scope.RECORDINGS_READ, ok=409, is_owned=True, admins_too=True),
    "GET /v1/recordings/{recording_id}/transcript": Row(Scope.RECORDINGS_READ, ok=409, is_owned=True, admins_too=True),
    "PATCH /v1/recordings/{recording_id}/transcript": Row(
        Scope.RECORDINGS_WRITE,
        ok=409,
        is_owned=True,
        admins_too=True,
        body=lambda _: {"segments": [{"id": 0, "text": "Hello."}]},
    ),
    "DELETE /v1/recordings/{recording_id}/transcript/corrections": Row(
        Scope.RECORDINGS_WRITE, ok=409, is_owned=True, admins_too=True
    ),
    "GET /v1/recordings/{recording_id}/summary": Row(Scope.RECORDINGS_READ, ok=409, is_owned=True, admins_too=True),
    "POST /v1/recordings/{recording_id}/shares": Row(
        Scope.RECORDINGS_WRITE, ok=201, is_owned=True, admins_too=True, body=lambda _: {}
    ),
    "GET /v1/recordings/{recording_id}/shares": Row(Scope.RECORDINGS_READ, is_owned=True, admins_too=True),
    "DELETE /v1/recordings/{recording_id}/shares/{share_id}": Row(
        Scope.RECORDINGS_WRITE, ok=204, is_owned=True, admins_too=True
    ),
    "GET /v1/shared/{token}": open_to_all(200),
    "GET /v1/shared/{token}/transcript": open_to_all(409),
    "GET /v1/shared/{token}/summary": open_to_all(409),
    "GET /v1/shared/{token}/audio": open_to_all(409),
    "GET /shared/{token}": open_to_all(200),
    "GET /v1/recordings/stats": Row(Scope.RECORDINGS_READ),
    "GET /v1/locations": Row(Scope.RECORDINGS_READ),
    "POST /v1/locations": Row(Scope.ADMIN, ok=201, body=lambda _: {"name": "Am Markt"}),
    "PUT /v1/locations/{location_id}": Row(Scope.ADMIN, body=lambda _: {"name": "Am Markt"}),
    "DELETE /v1/locations/{location_id}": Row(Scope.ADMIN, ok=204),
    "POST /v1/recordings/{recording_id}/parts": Row(
        Scope.RECORDINGS_WRITE, ok=409, is_owned=True, admins_too=True, body=lambda _: {"numbers": [1]}
    ),
    "GET /v1/recordings/{recording_id}/parts": Row(Scope.RECORDINGS_READ, ok=409, is_owned=True, admins_too=True),
    "DELETE /v1/recordings/{recording_id}/parts": Row(Scope.RECORDINGS_WRITE, ok=409, is_owned=True, admins_too=True),
    "POST /v1/recordings/{recording_id}/complete": Row(Scope.RECORDINGS_WRITE, ok=409, is_owned=True, admins_too=True),
    "POST /v1/uploads": Row(Scope.RECORDINGS_WRITE, ok=422, body=lambda _: {}),
    "POST /v1/jobs": Row(Scope.JOBS_WRITE, ok=409, is_owned=True, admins_too=True, body=transcription),
    "GET /v1/jobs": Row(Scope.JOBS_READ),
    "POST /v1/jobs/{job_id}/retry": Row(Scope.JOBS_WRITE, ok=409, is_owned=True, admins_too=True),
    "DELETE /v1/jobs/{job_id}": Row(Scope.JOBS_WRITE, ok=204, is_owned=True, admins_too=True),
    "POST /v1/batches": Row(Scope.JOBS_WRITE, ok=202, body=lambda _: NOTHING_TO_DO),
    "GET /v1/batches": Row(Scope.JOBS_READ),
    "GET /v1/batches/{batch_id}": Row(Scope.JOBS_READ, is_owned=True, admins_too=True),
    "POST /v1/batches/{batch_id}/cancel": Row(Scope.JOBS_WRITE, is_owned=True, admins_too=True),
    "GET /v1/presets": Row(Scope.JOBS_READ),
    "POST /v1/presets": Row(Scope.JOBS_WRITE, ok=201, body=lambda _: PRESET | {"name": "another"}),
    "PUT /v1/presets/{preset_name}": Row(Scope.JOBS_WRITE, is_owned=True, body=lambda _: {"kind": "transcribe"}),
    "DELETE /v1/presets/{preset_name}": Row(Scope.JOBS_WRITE, ok=204, is_owned=True),
    "POST /v1/jobs/{job_id}/cancel": Row(Scope.JOBS_WRITE, is_owned=True, admins_too=True),
    "GET /v1/jobs/{job_id}": Row(Scope.JOBS_READ, is_owned=True, admins_too=True),
    # Webhooks are their owner's, as API keys are.
    "POST /v1/webhooks": Row(Scope.WEBHOOKS_WRITE, ok=201, body=lambda _: {"url": "https://example.com/b"}),
    "GET /v1/webhooks": Row(Scope.WEBHOOKS_READ),
    "GET /v1/webhooks/{webhook_id}": Row(Scope.WEBHOOKS_READ, is_owned=True),
    "PATCH /v1/webhooks/{webhook_id}": Row(Scope.WEBHOOKS_WRITE, is_owned=True, body=lambda _: {"active": True}),
    "DELETE /v1/webhooks/{webhook_id}": Row(Scope.WEBHOOKS_WRITE, ok=204, is_owned=True),
    "POST /v1/webhooks/{webhook_id}/rotate": Row(Scope.WEBHOOKS_WRITE, is_owned=True),
    "POST /v1/webhooks/{webhook_id}/test": Row(Scope.WEBHOOKS_WRITE, ok=202, is_owned=True),
    "GET /v1/webhooks/{webhook_id}/deliveries": Row(Scope.WEBHOOKS_READ, is_owned=True),
    "GET /v1/webhooks/{webhook_id}/deliveries/{delivery_id}": Row(Scope.WEBHOOKS_READ, is_owned=True),
    "POST /v1/webhooks/{webhook_id}/deliveries/{delivery_id}/replay": Row(Scope.WEBHOOKS_WRITE, ok=202, is_owned=True),
    # Contacts, devices and calls are people's own: no admin sees them.
    "POST /v1/contacts": Row(Scope.CALLS_WRITE, ok=201, body=lambda _: {"unique_id": "00000000"}),
    "GET /v1/contacts": Row(Scope.CALLS_READ),
    "POST /v1/contacts/{unique_id}/confirm": Row(Scope.CALLS_WRITE, is_owned=True),
    # Of a contact that was confirmed.
    "POST /v1/contacts/{unique_id}/decline": Row(Scope.CALLS_WRITE, ok=404),
    "PATCH /v1/contacts/{unique_id}": Row(Scope.CALLS_WRITE, is_owned=True, body=lambda _: {"secret": True}),
    "DELETE /v1/contacts/{unique_id}": Row(Scope.CALLS_WRITE, ok=204, is_owned=True),
    "POST /v1/contacts/{unique_id}/block": Row(Scope.CALLS_WRITE, ok=204),
    "DELETE /v1/contacts/{unique_id}/block": Row(Scope.CALLS_WRITE, ok=204),
    "GET /v1/blocks": Row(Scope.CALLS_READ),
    "GET /v1/devices": Row(Scope.CALLS_READ),
    "PUT /v1/devices/{device_id}": Row(
        Scope.CALLS_WRITE,
        body=lambda scene: {"bundle": scene.bundle},
        except_for={Who.OTHER_USER: 422, Who.ADMIN: 422},
    ),
    "DELETE /v1/devices/{device_id}": Row(Scope.CALLS_WRITE, ok=204, is_owned=True),
    "GET /v1/users/{unique_id}/devices": Row(Scope.CALLS_READ, is_owned=True),
    "GET /v1/users/{unique_id}/key-log": Row(Scope.CALLS_READ, is_owned=True),
    "POST /v1/realtime/ticket": Row(ok=201),
    "GET /v1/ice-servers": Row(Scope.CALLS_READ),
    "GET /v1/push-key": Row(Scope.CALLS_READ),
    "PUT /v1/push-subscriptions/{device_id}": Row(
        Scope.CALLS_WRITE, is_owned=True, body=lambda _: {"endpoint": "https://push.example.org/1"}
    ),
    "DELETE /v1/push-subscriptions/{device_id}": Row(Scope.CALLS_WRITE, ok=204, is_owned=True),
    "GET /v1/calls": Row(Scope.CALLS_READ),
    "GET /v1/calls/{call_id}": Row(Scope.CALLS_READ, is_owned=True),
    # Of a call that nobody has answered.
    "POST /v1/calls/{call_id}/recording": Row(Scope.CALLS_WRITE, ok=409, is_owned=True, body=lambda _: CONSENT),
    "POST /v1/calls/{call_id}/tracks": Row(Scope.CALLS_WRITE, ok=404, is_owned=True, body=lambda _: TRACK),
    "POST /v1/calls/{call_id}/recording/finish": Row(Scope.CALLS_WRITE, ok=404, is_owned=True),
    "GET /v1/calls/{call_id}/recording": Row(Scope.CALLS_READ, ok=404, is_owned=True),
    "DELETE /v1/calls/{call_id}/recording": Row(Scope.CALLS_WRITE, ok=404, is_owned=True),
    # OpenAI's wire, where what is not valid is a 400.
    "POST /v1/audio/transcriptions": Row(Scope.RECORDINGS_WRITE, ok=400),
    "POST /v1/audio/translations": Row(Scope.RECORDINGS_WRITE, ok=400),
    "GET /v1/models": Row(),
    "GET /v1/models/{model}": Row(),
    "GET /v1/jobs/{job_id}/result": Row(Scope.JOBS_READ, ok=409, is_owned=True, admins_too=True),
    # Of a job that makes none.
    "GET /v1/jobs/{job_id}/files/{file_name}": Row(Scope.JOBS_READ, ok=404, is_owned=True, admins_too=True),
    "GET /v1/jobs/{job_id}/preview": Row(Scope.JOBS_READ, ok=404, is_owned=True, admins_too=True),
}


@cache
def prepared_scene() -> Scene:
    """Made once: the same things lie in every scene."""
    clock = FakeClock()
    house = House(clock=clock)
    anna, bert = house.a_known_user(), house.a_known_user()
    admin = house.a_known_user(role=Role.ADMIN)
    recording = house.recordings.add(a_recording(owner_id=anna.id))
    job = a_job(owner_id=anna.id)
    house.library_table.write(house.jobs.put(job))
    api_key = house.client(anna).post("/v1/api-keys", json={"name": "one"}).json()["id"]
    share = house.client(anna).post(f"/v1/recordings/{recording.id}/shares", json={}).json()
    location = house.locations.add(a_location())
    webhook = house.registry.add(a_webhook(), owner_id=anna.id, idempotency_key=None).webhook
    clara, device = house.a_known_user(), a_device(anna.unique_id)
    for one, other in ((anna, clara), (clara, anna)):
        house.client(one).post("/v1/contacts", json={"unique_id": other.unique_id})
    house.client(anna).put(f"/v1/devices/{device.id}", json={"bundle": device.bundle})
    house.client(anna).put(f"/v1/push-subscriptions/{device.id}", json={"endpoint": "https://push.example.org/1"})
    call = house.calls.note(a_call(anna, clara, caller_device=device.id).found_busy())
    ids = {
        "unique_id": clara.unique_id,
        "device_id": device.id,
        "call_id": call.id,
        "webhook_id": webhook.id,
        "delivery_id": house.deliveries.add(a_delivery(owner_id=anna.id, webhook_id=webhook.id)).id,
        "location_id": location.id,
        "share_id": share["id"],
        "token": share["token"],
        "recording_id": recording.id,
        "job_id": job.id,
        "batch_id": house.client(anna).post("/v1/batches", json=NOTHING_TO_DO).json()["id"],
        "preset_name": house.client(anna).post("/v1/presets", json=PRESET).json()["name"],
        "api_key_id": api_key,
        "session_id": house.session_of(anna).id,
        "user_id": bert.id,
        "name": "docs.js",
        "file_name": "video",
        "model": "whisper-1",
    }
    return Scene(house, clock, anna, bert, admin, ids, device.bundle)


def a_scene() -> Scene:
    made, clock = prepared_scene(), FakeClock()
    house = House(
        clock=clock,
        accounts_table=made.house.accounts_table.copy(),
        library_table=made.house.library_table.copy(),
        presence_table=made.house.presence_table.copy(),
    )
    return replace(made, house=house, clock=clock, ids=dict(made.ids))


def credential(who: Who, scene: Scene, row: Row) -> str | None:  # noqa: C901, PLR0911 - one line each
    house, anna = scene.house, scene.anna
    match who:
        case Who.ANONYMOUS:
            return None
        case Who.OWNER:
            return house.token_of(anna)
        case Who.OTHER_USER:
            return house.token_of(scene.bert)
        case Who.ADMIN:
            return house.token_of(scene.admin)
        case Who.DEACTIVATED:
            token = house.token_of(anna)
            house.client(scene.admin).patch(f"/v1/users/{anna.id}", json={"active": False})
            return token
        case Who.SIGNED_OUT:
            token = house.token_of(anna)
            house.client(bearer=token).post("/v1/auth/logout")
            return token
        case Who.EXPIRED_TOKEN:
            token = house.token_of(anna)
            scene.clock.pass_time(timedelta(minutes=15))
            return token
        case Who.FOREIGN_TOKEN:
            return forged(scene, lambda claims: jwt.encode(claims, Ed25519PrivateKey.generate(), "EdDSA", {"kid": "1"}))
        case Who.UNSIGNED_TOKEN:
            return forged(scene, lambda claims: jwt.encode(claims, None, "none", {"kid": "1"}))
        case Who.REVOKED_KEY:
            made = house.client(anna).post("/v1/api-keys", json={"name": "two"}).json()
            house.client(anna).delete(f"/v1/api-keys/{made['id']}")
            return str(made["secret"])
        case Who.KEY_WITHOUT_SCOPE:
            # An admin's, where the route is for admins: not the role is missing but the scope.
            owner = scene.admin if row.scope is Scope.ADMIN else anna
            scopes = [scope.value for scope in Scope if scope is not row.scope]
            made = house.client(owner).post("/v1/api-keys", json={"name": "three", "scopes": scopes}).json()
            return str(made["secret"])


def forged(scene: Scene, sign: Callable[[dict[str, Any]], str]) -> str:
    """A token that says what a real one says, signed by nobody we know."""
    genuine = scene.house.token_of(scene.anna)
    return sign(jwt.decode(genuine, options={"verify_signature": False}))


def expected(who: Who, row: Row) -> int:
    if who in row.except_for:
        return row.except_for[who]
    if row.is_open:
        return row.ok
    if who not in KNOWN:
        return 401
    if who is Who.KEY_WITHOUT_SCOPE:
        return row.ok if row.scope is None else 403
    if row.scope is Scope.ADMIN:
        return row.ok if who is Who.ADMIN else 403
    may = not row.is_owned or who is Who.OWNER or (row.admins_too and who is Who.ADMIN)
    return row.ok if may else 404


def operations() -> set[str]:
    routes = [route for router in ROUTERS.values() for route in router.routes if isinstance(route, APIRoute)]
    return {f"{method} {route.path}" for route in routes for method in route.methods}


def test_every_route_is_in_the_matrix() -> None:
    assert operations() == set(MATRIX)


@pytest.mark.parametrize("operation", MATRIX)
def test_who_may(operation: str) -> None:
    row = MATRIX[operation]
    method, path = operation.split(" ")
    seen: dict[str, int] = {}
    wanted: dict[str, int] = {}
    for who in Who:
        scene = a_scene()
        client = scene.house.client(bearer=credential(who, scene, row))
        answer = client.request(method, path.format(**scene.ids), json=row.body(scene), data=row.form(scene))
        seen[who.name], wanted[who.name] = answer.status_code, expected(who, row)

    assert seen == wanted

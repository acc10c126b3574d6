"""People in miniature: the routes of the accounts API, without HTTP. What a real one refuses is refused here too."""

from dataclasses import dataclass, field, replace
from typing import Any

PASSWORD = "correct horse battery staple"
SETUP_CODE = "printed-at-the-start"
WRONG_CODE = (401, "invalid-code", "The code is wrong or over; have a new one sent.")
Answer = tuple[int, Any]


def code(number: int) -> str:
    """The code that is sent as the first, second, ... one."""
    return f"{100_000 + number}"


class Refusal(Exception):
    """A problem+json."""

    def __init__(self, status: int, slug: str, detail: str, **facts: Any) -> None:
        super().__init__(detail)
        self.status, self.slug, self.detail, self.facts = status, slug, detail, facts


@dataclass(frozen=True)
class Person:
    """An account."""

    id: str
    unique_id: str
    password: str
    username: str | None = None
    email: str | None = None
    phone: str | None = None
    name: str | None = None
    nickname: str | None = None
    role: str = "user"
    active: bool = True

    @property
    def names(self) -> set[str]:
        return {one.casefold() for one in (self.unique_id, self.username, self.email, self.phone) if one}

    @property
    def searched(self) -> str:
        return "\n".join([*self.names, self.name or "", self.nickname or ""]).casefold()

    def view(self) -> dict[str, Any]:
        shown = {name: value for name, value in vars(self).items() if name != "password"}
        return shown | {"created_at": "2026-11-21T09:00:00Z", "something_new": [2]}


@dataclass
class Sent:
    """A code on its way."""

    reason: str
    person: Person
    code: str
    attempts_left: int = 5


@dataclass
class FakeAccounts:
    """What the server knows about people; anna is there from the beginning."""

    people: dict[str, Person] = field(default_factory=dict)
    keys: dict[str, str] = field(default_factory=dict)
    """Secret by id."""
    key_views: dict[str, dict[str, Any]] = field(default_factory=dict)
    access_tokens: set[str] = field(default_factory=set)
    sessions: set[str] = field(default_factory=set)
    owners: dict[str, str] = field(default_factory=dict)
    """Whose a secret is; anna's where nothing is said."""
    sent: dict[str, Sent] = field(default_factory=dict)
    codes_sent: int = 0
    resends_refused: int = 0
    failing: dict[tuple[str, str], Refusal] = field(default_factory=dict)
    """What the next call of a method and path is refused with."""
    audit: list[dict[str, Any]] = field(default_factory=list)
    page_size: int = 3

    def __post_init__(self) -> None:
        self.add(username="anna", email="anna@example.org")

    def add(self, password: str = PASSWORD, **facts: Any) -> Person:
        return self._keep(self._numbered(password=password, **facts))

    def change(self, who: str, **facts: Any) -> None:
        self._keep(replace(self.find(who), **facts))

    def find(self, name: str) -> Person:
        return next(person for person in self.people.values() if name.casefold() in person.names)

    def caller(self, secret: str) -> Person | None:
        if secret not in self.access_tokens | set(self.keys.values()):
            return None
        person = self.people.get(self.owners.get(secret) or next(iter(self.people), ""))
        return person if person is not None and person.active else None

    def answer(self, method: str, path: str, query: dict[str, str], body: Any, secret: str) -> Answer:
        if refusal := self.failing.pop((method, path), None):
            raise refusal
        for_everybody = {
            "register": self._register,
            "register/verify": self._verify,
            "first-admin": self._first_admin,
            "login": self._login,
            "otp": self._otp,
            "password/reset": self._reset,
            "password/reset/verify": self._reset_verify,
        }
        if method == "POST" and (serve := for_everybody.get(path.removeprefix("/v1/auth/"))):
            return serve(body)
        caller = self.caller(secret)
        if caller is None:
            raise Refusal(401, "not-authenticated", "The credential is wrong or over.")
        match path.split("/")[2:]:
            case ["auth", *rest]:
                return self._me(method, rest, body, caller, secret)
            case ["api-keys", *rest]:
                return self._api_keys(method, rest, query, body, caller)
            case rest:
                return self._administer(method, rest, query, body, caller)

    # Coming in

    def _register(self, body: dict[str, str]) -> Answer:
        person = self._new(body, role="user")
        if person.phone:
            return self._send("register", person)
        self._keep(person)
        return 201, {"user": person.view(), "unique_id": person.unique_id}

    def _verify(self, body: dict[str, str]) -> Answer:
        person = self._keep(self._solved("register", body["challenge_id"], body["code"]))
        return 201, {"user": person.view(), "unique_id": person.unique_id} | self._sign_in(person)

    def _first_admin(self, body: dict[str, str]) -> Answer:
        if body["setup_code"] != SETUP_CODE:
            raise Refusal(403, "wrong-setup-code", "The setup code is wrong.")
        if any(person.role == "admin" for person in self.people.values()):
            raise Refusal(409, "has-admin", "The first admin has been made already.")
        facts = {name: value for name, value in body.items() if name != "setup_code"}
        person = self._keep(self._new(facts, role="admin"))
        return 201, {"user": person.view(), "unique_id": person.unique_id}

    def _login(self, body: dict[str, str]) -> Answer:
        person = next((one for one in self.people.values() if body["identifier"].casefold() in one.names), None)
        if person is None or person.password != body["password"]:
            raise Refusal(401, "invalid-credentials", "The name or the password is wrong.")
        if not person.active:
            raise Refusal(401, "account-inactive", "This account is not active.")
        if person.phone:
            if "otp" not in body:
                return self._send("login", person)
            self._solved("login", body["challenge_id"], body["otp"])
        return 200, self._sign_in(person)

    def _otp(self, body: dict[str, str]) -> Answer:
        if self.resends_refused:
            self.resends_refused -= 1
            raise Refusal(429, "too-many-requests", "Too many codes were sent; try again in 12 s.")
        self.codes_sent += 1
        self.sent[body["challenge_id"]].code = code(self.codes_sent)
        return 202, {"challenge_id": body["challenge_id"], "expires_in": 300, "resend_in": 30}

    def _reset(self, body: dict[str, str]) -> Answer:
        found = [one for one in self.people.values() if body["identifier"].casefold() in one.names]
        return self._send("reset", found[0] if found else Person("usr_nobody", "0", ""))

    def _reset_verify(self, body: dict[str, str]) -> Answer:
        person = self._solved("reset", body["challenge_id"], body["code"])
        self._keep(replace(person, password=_strong(body["new_password"])))
        return 204, None

    def _new(self, body: dict[str, str], *, role: str) -> Person:
        if "@" not in body.get("email", "@"):
            raise Refusal(422, "invalid", "The request is wrong.", errors=[_wrong("/email", "is no address")])
        assert body.keys() <= {"username", "email", "phone", "name", "nickname", "password"}
        assert body.get("phone") or (body["username"] and body["email"])
        facts = body | {"phone": body["phone"].replace(" ", "")} if "phone" in body else body
        person = self._numbered(role=role, **facts)
        if any(person.names & other.names for other in self.people.values()):
            raise Refusal(409, "name-taken", "Somebody has this username, email or phone.")
        return person

    def _numbered(self, **facts: Any) -> Person:
        number = len(self.people) + 1
        return Person(id=f"usr_{number:026}", unique_id=f"{48_000_000 + number}", **facts)

    def _send(self, reason: str, person: Person) -> Answer:
        self.codes_sent += 1
        challenge_id = f"chl_{self.codes_sent}"
        self.sent[challenge_id] = Sent(reason, person, code(self.codes_sent))
        return 202, {"challenge_id": challenge_id, "expires_in": 300, "resend_in": 30}

    def _solved(self, reason: str, challenge_id: str, typed: str) -> Person:
        sent = self.sent[challenge_id]
        assert sent.reason == reason
        sent.attempts_left -= 1
        if sent.attempts_left < 0 or typed != sent.code:
            raise Refusal(*WRONG_CODE)
        del self.sent[challenge_id]
        return sent.person

    def _sign_in(self, person: Person) -> dict[str, Any]:
        token = f"access-{len(self.access_tokens)}"
        self.access_tokens.add(token)
        self.sessions.add(token)
        self.owners[token] = person.id
        return {"access_token": token, "token_type": "bearer", "expires_in": 900, "csrf_token": "c"}

    # One's own

    def _me(self, method: str, rest: list[str], body: Any, caller: Person, secret: str) -> Answer:
        match method, rest:
            case "GET", ["me"]:
                return 200, caller.view()
            case "DELETE", ["me"]:
                self._erase(caller)
                return 204, None
            case "POST", ["logout"]:
                self.access_tokens.remove(secret)
                self.sessions.remove(secret)
                return 204, None
            case "POST", ["password"]:
                if body["current_password"] != caller.password:
                    raise Refusal(403, "wrong-password", "The password is wrong.")
                self._keep(replace(caller, password=_strong(body["new_password"])))
                return 204, None
        raise Refusal(404, "not-found", "There is no such route.")

    def _api_keys(self, method: str, rest: list[str], query: dict[str, str], body: Any, caller: Person) -> Answer:
        mine = [one for key_id, one in self.key_views.items() if self.owners[self.keys[key_id]] == caller.id]
        match method, rest:
            case "GET", []:
                return self._page(mine[::-1], query)
            case "POST", []:
                return self._new_key(body, caller)
            case "DELETE", [key_id] if key_id in self.keys:
                del self.keys[key_id]
                self.key_views.pop(key_id, None)
                return 204, None
        raise Refusal(404, "not-found", "There is no such key.")

    def _new_key(self, body: dict[str, Any], caller: Person) -> Answer:
        assert body.keys() <= {"name", "scopes", "expires_in_days"}
        if not all(":" in scope or scope == "admin" for scope in body.get("scopes", [])):
            raise Refusal(422, "invalid", "The request is wrong.", errors=[_wrong("/scopes/0", "is no scope")])
        key_id = f"key_{len(self.owners)}"
        self.keys[key_id] = f"plk_secret_{key_id}"
        self.owners[self.keys[key_id]] = caller.id
        self.key_views[key_id] = {
            "id": key_id,
            "name": body["name"],
            "prefix": f"parley_{key_id}",
            "scopes": body.get("scopes", []),
            "created_at": "2026-11-21T09:00:00Z",
            "expires_at": "2027-02-19T09:00:00Z" if "expires_in_days" in body else None,
            "last_used_at": None,
        }
        return 201, self.key_views[key_id] | {"secret": self.keys[key_id]}

    # Admins

    def _administer(self, method: str, rest: list[str], query: dict[str, str], body: Any, caller: Person) -> Answer:
        if caller.role != "admin":
            raise Refusal(403, "admins-only", "Only admins may do this.")
        match method, rest:
            case "GET", ["audit"]:
                return self._page(self.audit[::-1], query)
            case "GET", ["users"]:
                return self._users(query)
            case _, ["users", user_id]:
                return self._user(method, user_id, body, caller)
        raise Refusal(404, "not-found", "There is no such route.")

    def _users(self, query: dict[str, str]) -> Answer:
        newest = list(self.people.values())[::-1]
        if (wanted := query.get("q", "").casefold()) == "":
            return self._page([person.view() for person in newest], query)
        # A whole name is found at once.
        found = [person for person in newest if wanted.replace(" ", "") in person.names]
        if not found:
            found = [person for person in newest if wanted in person.searched]
        return self._page([person.view() for person in found], query)

    def _user(self, method: str, user_id: str, body: Any, caller: Person) -> Answer:
        person = self.people.get(user_id)
        if person is None:
            raise Refusal(404, "not-found", "There is no such account.")
        if method == "GET":
            return 200, person.view()
        changed = None if method == "DELETE" else replace(person, **body)
        admins = {one.id for one in self.people.values() if one.role == "admin" and one.active}
        if admins == {user_id} and (changed is None or changed.role != "admin" or not changed.active):
            raise Refusal(409, "last-admin", "This is the last admin; make somebody else one first.")
        self._record(caller, "account erased" if changed is None else "account changed", user_id, body or {})
        if changed is None:
            self._erase(person)
            return 204, None
        return 200, self._keep(changed).view()

    def _record(self, caller: Person, action: str, target_id: str, facts: dict[str, Any]) -> None:
        record = {"at": "2026-11-21T09:00:00Z", "actor_id": caller.id, "action": action, "target_id": target_id}
        self.audit.append(record | {"facts": {name: str(value) for name, value in facts.items()}})

    def _keep(self, person: Person) -> Person:
        self.people[person.id] = person
        return person

    def _erase(self, person: Person) -> None:
        del self.people[person.id]
        for key_id in [key_id for key_id, secret in self.keys.items() if self.owners.get(secret) == person.id]:
            del self.keys[key_id]

    def _page(self, everything: list[dict[str, Any]], query: dict[str, str]) -> Answer:
        start, size = int(query.get("cursor", 0)), int(query["limit"])
        assert 1 <= size <= 100
        end = start + min(size, self.page_size)  # pages may be smaller than was asked for
        return 200, {"items": everything[start:end], "next_cursor": str(end) if end < len(everything) else None}


def _strong(password: str) -> str:
    if len(password) < 8:
        raise Refusal(422, "invalid", "The request is wrong.", errors=[_wrong("/new_password", "is too short")])
    return password


def _wrong(pointer: str, detail: str) -> dict[str, str]:
    return {"pointer": pointer, "detail": detail}

"""How calls lie in the presence table: every key of theirs stands here.

| key | what | listed under | kept |
|---|---|---|---|
| `CALL#<call>` | how a call stands | | 90 days |
| `LINE#<unique id>` | the call that somebody is in | | 90 days after its last use |
| `MAIL#<call>#<to device>#<from device>#<seq>` | a sealed message | | 2 minutes |
| `RUNG#<call>` | that it rings where nobody is connected | | as long as it may ring |
| `CALL_LOG#<unique id>#<call>` | a call that is over, as one of the two sees it | `CALL_LOG#<unique id>`, by time and call | 90 days |
"""  # noqa: E501

from functions.core.calls.mail import Mail
from functions.core.calls.model import KEPT_FOR, Call, Line, LogEntry, Rung
from functions.core.collection import Collection
from functions.core.table import Table


class CallCollections:
    """What calls are made of, over one table."""

    def __init__(self, table: Table) -> None:
        self.calls = Collection(
            table, Call, key=lambda call_id: f"CALL#{call_id}", expires_at=lambda call: call.created_at + KEPT_FOR
        )
        self.lines = Collection(
            table,
            Line,
            key=lambda unique_id: f"LINE#{unique_id}",
            # What was lost and looked at by nobody is found by its line: it lasts as long as the call.
            expires_at=lambda line: line.until + KEPT_FOR,
        )
        self.mail = Collection(table, Mail, key=lambda mail_id: f"MAIL#{mail_id}", expires_at=lambda mail: mail.until)
        self.rung = Collection(table, Rung, key=lambda call_id: f"RUNG#{call_id}", expires_at=lambda rung: rung.until)
        self.log = Collection(
            table,
            LogEntry,
            key=lambda entry_id: f"CALL_LOG#{entry_id}",
            listed_under=lambda entry: (log_of(entry.id.partition("#")[0]), position_of(entry)),
            expires_at=lambda entry: entry.created_at + KEPT_FOR,
        )


def log_of(unique_id: str) -> str:
    """Return under what somebody's calls are listed."""
    return f"CALL_LOG#{unique_id}"


def position_of(entry: LogEntry) -> str:
    """Return where a call stands in a log."""
    return f"{entry.created_at.isoformat()}#{entry.call_id}"

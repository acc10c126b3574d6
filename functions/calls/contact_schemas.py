"""Contacts on the wire."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, AliasChoices, BaseModel, Field, StringConstraints, model_validator

from functions.calls.parts import UNIQUE_ID
from functions.core.contacts.model import Block, Contact
from functions.core.contacts.news import shown
from functions.core.contacts.rules import Change, Request
from functions.core.exact_types import Truth
from functions.core.recordings.texts import printable

PersonName = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100), AfterValidator(printable)
]
UniqueNumber = Annotated[str, StringConstraints(strip_whitespace=True, pattern=UNIQUE_ID)]


class ContactConfirmation(BaseModel):
    """What goes along with a confirmation."""

    introduced_as: PersonName | None = Field(
        default=None, description="What you call yourself: they see it", examples=["Борис"]
    )
    label: PersonName | None = Field(default=None, description="What you call them: only you see it")
    secret: Truth | None = Field(default=None, description="Keep it out of lists; without it as they have asked")

    def said(self) -> Request:
        """Return what was said."""
        return Request(introduced_as=self.introduced_as, label=self.label, is_secret=self.secret)


class ContactRequest(BaseModel):
    """Somebody to be a contact."""

    unique_id: UniqueNumber = Field(
        validation_alias=AliasChoices("target_id", "unique_id"), description="Their number", examples=["12345678"]
    )
    introduced_as: PersonName | None = Field(
        default=None, description="What you call yourself: they see it", examples=["Анна из бухгалтерии"]
    )
    label: PersonName | None = Field(default=None, description="What you call them: only you see it")
    secret: Truth = Field(
        default=False, description="Keep it out of lists, on your side; and on theirs, unless they say otherwise"
    )

    def said(self) -> Request:
        """Return what was said."""
        return Request(introduced_as=self.introduced_as, label=self.label, is_secret=self.secret)


class ContactChange(BaseModel):
    """What is to be different on your side; the rest stays."""

    label: PersonName | None = Field(default=None, description="What you call them; null: nothing any more")
    secret: Truth | None = Field(default=None, description="Keep it out of lists")

    @model_validator(mode="after")
    def _says_something(self) -> "ContactChange":
        if not self.model_fields_set:
            raise ValueError("nothing to change: give `label` or `secret`")
        return self

    def said(self) -> Change:
        """Return what is to be different."""
        label = (self.label or "") if "label" in self.model_fields_set else None
        return Change(label=label, is_secret=self.secret)


class ContactView(BaseModel):
    """Somebody who may call you and whom you may call, or who was asked. Of `requested` nothing shows if they exist."""

    unique_id: str
    state: Literal["requested", "asking", "confirmed"] = Field(
        description="`requested`: you have asked; `asking`: they have"
    )
    secret: bool
    introduced_as: str | None = Field(description="What they call themselves")
    label: str | None = Field(description="What you call them")
    created_at: datetime
    confirmed_at: datetime | None

    @classmethod
    def of(cls, contact: Contact | None) -> "ContactView":
        """Show a side to its owner."""
        assert contact is not None, "whoever acts on a contact has one"
        return cls(**shown(contact))


class BlockView(BaseModel):
    """Somebody whom you hear nothing of."""

    unique_id: str
    created_at: datetime

    @classmethod
    def of(cls, block: Block) -> "BlockView":
        """Show a block to who made it."""
        return cls(unique_id=block.other, created_at=block.created_at)

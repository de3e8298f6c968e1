"""What acts on many differ in from list to list: addresses, what can be asked for, names and words (#5, ADR 0036)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from gettext import NullTranslations
from typing import Any, ClassVar, NamedTuple, Protocol, TypeVar

from starlette.requests import Request

from contracts.gateway.bulk_events import BulkAction, BulkSubject
from services.gateway.domain.bulk import Begun
from services.gateway.pages.bulk.frame import ListFrame
from services.kit.web import Asker, Sitting


class Wanted(NamedTuple):
    """What is to be done; `value` as in BulkBegun."""

    action: BulkAction
    value: str | None


class Words(NamedTuple):
    """`home`: the list; `unseen`: a record that one does not see; `no_right`: why nothing more is done; `late`: what to
    do when an undo comes too late; `choose` and `narrow`: why nothing was begun."""

    home: str
    unseen: str
    no_right: str
    late: str
    choose: str
    narrow: str


F = TypeVar("F", bound=ListFrame[Any])


class Listed(Protocol[F]):
    """A list whose records can be changed many at once."""

    subject: ClassVar[BulkSubject]
    at: ClassVar[str]
    """The address of its acts."""
    home: ClassVar[str]
    """The address of the list."""

    async def frame(self, asker: Asker, sitting: Sitting, request: Request) -> F:
        """Ask for what pages about the list begin with."""
        ...

    async def wanted(self, asker: Asker, sitting: Sitting, form: Mapping[str, str], /) -> Wanted:
        """Return what a form asks for. Raises Invalid of the field `value`."""
        ...

    async def matching(self, asker: Asker, sitting: Sitting, frame: F) -> list[str]:
        """Return the ids of all records that the list shows, of all its pages; never those whose names are only
        similar to a search. Raises Invalid of the field `q` if a search finds more than one question answers."""
        ...

    async def names(self, asker: Asker, sitting: Sitting, ids: Sequence[str]) -> dict[str, tuple[str, str]]:
        """Return id → (name, address) of those that the caller sees, of at most 200."""
        ...

    def title(self, frame: F, state: Begun, /) -> str:
        """Say what is done."""
        ...

    def words(self, say: NullTranslations) -> Words:
        """Return what is said of its records."""
        ...

    def told(self, frame: F, count: int, *, undone: bool) -> str:
        """Say that so many records were changed, or are as before."""
        ...

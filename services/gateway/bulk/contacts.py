"""Contact persons, to acts on many: they are removed (#5). Their owner is the client's; who is the main one is asked of
one alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from contracts.base import Command
from contracts.clients import commands as c
from contracts.clients import events as e
from contracts.gateway.bulk_commands import ChooseBulkContacts
from contracts.gateway.bulk_events import BulkAction, NotDone, WhyNot
from contracts.problem import Invalid
from services.gateway.bulk.change import Read


class Contacts:
    """See change.Kind. That a contact person was erased stands in the client's stream: the restoring is refused."""

    category = "contact"
    erased = ""

    def choose(self, bulk_id: str, ids: list[str]) -> Command:
        return ChooseBulkContacts(bulk_id=bulk_id, contact_ids=ids)

    def command(self, action: BulkAction, _value: str | None, id: str) -> Command:
        _check(action)
        return c.RemoveContact(contact_id=id)

    def reading(self, action: BulkAction, _value: str | None) -> Mapping[str, Read]:
        _check(action)
        return {e.ContactRemoved.type: lambda _: True, e.ContactRestored.type: lambda _: False}

    def back(self, action: BulkAction, _value: str | None, id: str, _before: Any) -> Command:
        _check(action)
        return c.RestoreContact(contact_id=id)

    def not_done(self, id: str, why: WhyNot) -> NotDone:
        return NotDone(contact_id=id, why=why)


def _check(action: str) -> None:
    if action != "remove":
        raise Invalid("this cannot be done to such records", field="action")

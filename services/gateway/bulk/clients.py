"""Clients, to acts on many: their owner, temperature, a tag, the archive (#5)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from contracts.base import Command
from contracts.clients import commands as c
from contracts.clients import events as e
from contracts.gateway.bulk_commands import ChooseBulkClients
from contracts.gateway.bulk_events import BulkAction, NotDone, WhyNot
from contracts.problem import Invalid
from services.gateway.bulk.change import Read


class Clients:
    """See change.Kind."""

    category = "client"
    erased = e.ClientErased.type

    def choose(self, bulk_id: str, ids: list[str]) -> Command:
        return ChooseBulkClients(bulk_id=bulk_id, client_ids=ids)

    def command(self, action: BulkAction, value: str | None, id: str) -> Command:
        match action:
            case "owner":
                return c.AssignClient(client_id=id, owner_id=value)
            case "temperature":
                return c.ChangeClientTemperature.model_validate({"client_id": id, "temperature": value})
            case "tag":
                return c.TagClient(client_id=id, tag=value or "")
            case "untag":
                return c.UntagClient(client_id=id, tag=value or "")
            case "archive":
                return c.ArchiveClient(client_id=id)
            case _:
                raise Invalid("this cannot be done to such records", field="action")

    def reading(self, action: BulkAction, value: str | None) -> Mapping[str, Read]:
        def tagged(data: Any) -> bool:
            return value in data.tags

        match action:
            case "owner":
                return {e.ClientRegistered.type: lambda d: d.owner_id, e.ClientAssigned.type: lambda d: d.to_owner}
            case "temperature":
                changed = e.ClientTemperatureChanged.type
                return {e.ClientRegistered.type: lambda d: d.temperature, changed: lambda d: d.to_temperature}
            case "tag" | "untag":
                return {e.ClientRegistered.type: tagged, e.ClientDetailsChanged.type: tagged}
            case "archive":
                return {e.ClientArchived.type: lambda _: True, e.ClientRestored.type: lambda _: False}
            case _:
                raise Invalid("this cannot be done to such records", field="action")

    def back(self, action: BulkAction, value: str | None, id: str, before: Any) -> Command:
        match action:
            case "owner" | "temperature":
                return self.command(action, before, id)
            case "tag":
                return self.command("untag", value, id)
            case "untag":
                return self.command("tag", value, id)
            case "archive":
                return c.RestoreClient(client_id=id)
            case _:
                raise Invalid("this cannot be done to such records", field="action")

    def not_done(self, id: str, why: WhyNot) -> NotDone:
        return NotDone(client_id=id, why=why)

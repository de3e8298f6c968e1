"""Acts on many clients of the list: owner, temperature, tag, archive (#5, ADR 0032)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from gettext import NullTranslations
from typing import Any, ClassVar, cast, get_args

from starlette.requests import Request

from contracts.clients.events import Temperature
from contracts.gateway.bulk_events import BulkAction, BulkSubject
from contracts.problem import Invalid
from services.gateway.domain.bulk import Begun
from services.gateway.pages.asking import allowed
from services.gateway.pages.bulk.kind import Wanted, Words
from services.gateway.pages.clients.asked import Asked
from services.gateway.pages.clients.found import MOST, found
from services.gateway.pages.clients.frame import Frame
from services.gateway.pages.clients.shown import address
from services.gateway.pages.doing import csrf
from services.kit import clock
from services.kit.web import Asker, Sitting, caller_of

_LONGEST_TAG = 300


class ClientsListed:
    """See bulk.kind.Listed."""

    subject: ClassVar[BulkSubject] = "client"
    at: ClassVar[str] = "/clients/bulk"
    home: ClassVar[str] = "/clients?view=table"

    async def frame(self, asker: Asker, sitting: Sitting, request: Request) -> Frame:
        return await Frame.of(asker, sitting, request)

    async def wanted(self, asker: Asker, sitting: Sitting, form: Mapping[str, str]) -> Wanted:
        owners = (await asker.ask(sitting, "/employees", limit=200)).items
        return _wanted(form, {each.employee_id for each in owners})

    async def matching(self, asker: Asker, sitting: Sitting, frame: Frame) -> list[str]:
        asked = frame.asked
        if asked.q:
            given: dict[str, Any] = {"numbers": frame.numbers, "places": frame.places, "limit": MOST, "cursor": None}
            page = await found(asker, sitting, asked, **given, match="exact")
            if page.total > len(page.clients) or not page.exact:
                raise Invalid("narrow the search", field="q")
            return [each.client_id for each in page.clients]
        path, given, name = "/clients", asked.of_clients(), "client_id"
        if asked.where:
            path, given, name = "/metrics/clients", asked.of_numbers(frame.places), "id"
        ids: list[str] = []
        cursor: str | None = None
        while True:
            page = await asker.ask(sitting, path, **given, limit=MOST, cursor=cursor)
            ids += [getattr(each, name) for each in page.items]
            cursor = page.next
            if cursor is None:
                return ids

    async def names(self, asker: Asker, sitting: Sitting, ids: Sequence[str]) -> dict[str, tuple[str, str]]:
        known = (await asker.ask(sitting, "/clients", ids=",".join(ids))).items if ids else []
        return {each.client_id: (each.name, address(each.client_id)) for each in known if not each.erased}

    def title(self, frame: Frame, state: Begun) -> str:
        say, words, value = frame.say, frame.words, state.value or ""
        match state.action:
            case "owner":
                name = words.value("owner", value)
                return say.gettext("New owner: %(name)s") % {"name": name} if value else say.gettext("Without an owner")
            case "temperature" if value:
                return say.gettext("Temperature: %(value)s") % {"value": words.value("temperature", value)}
            case "temperature":
                return say.gettext("Without temperature")
            case "tag":
                return say.gettext("Tag added: %(tag)s") % {"tag": value}
            case "untag":
                return say.gettext("Tag removed: %(tag)s") % {"tag": value}
            case _:
                return say.gettext("Into the archive")

    def words(self, say: NullTranslations) -> Words:
        return Words(
            home=say.gettext("Clients"),
            unseen=say.gettext("a client that you do not see"),
            no_right=say.gettext("your account may not change clients any more"),
            late=say.gettext(
                "It can be undone for ten minutes only. Change the clients back by another change of many."
            ),
            choose=say.gettext("Choose clients in the list first."),
            narrow=say.gettext("The search finds too many clients. Type more of the name, or use filters."),
        )

    def told(self, frame: Frame, count: int, *, undone: bool) -> str:
        if undone:
            text = frame.say.ngettext("%(num)s client is as before.", "%(num)s clients are as before.", count)
        else:
            text = frame.say.ngettext("%(num)s client changed.", "%(num)s clients changed.", count)
        return text % {"num": frame.texts.count(count)}


CLIENTS_LISTED = ClientsListed()


def _wanted(form: Mapping[str, str], owners: Collection[str]) -> Wanted:
    action, value = form.get("action", ""), " ".join(form.get("value", "").split())
    match action:
        case "owner" if not value or value in owners:
            return Wanted(action, value or None)
        case "temperature" if not value or value in get_args(Temperature):
            return Wanted(action, value or None)
        case "tag" | "untag" if value and len(value) <= _LONGEST_TAG and value.isprintable():
            return Wanted(cast(BulkAction, action), value)
        case "archive":
            return Wanted(action, None)
        case _:
            raise Invalid("choose or type a value", field="value")


async def offered(asker: Asker, sitting: Sitting, request: Request, asked: Asked, view: str) -> dict[str, Any]:
    """Return what the table needs so that many clients can be changed; `picking` false: they cannot."""
    if view != "table" or not caller_of(request).may("clients.write"):
        return {"picking": False, "csrf": csrf(request)}
    people = await allowed(asker, sitting, "/employees", limit=200)
    return {
        "picking": True,
        "csrf": csrf(request),
        "key": clock.new_id(),
        "action": asked.address(ClientsListed.at, cursor=asked.cursor),
        "owners": [] if people is None else [(each.employee_id, each.name) for each in people.items],
    }

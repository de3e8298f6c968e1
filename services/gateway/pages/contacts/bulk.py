"""Acts on many contact persons of the list: they are removed, or taken out as a file (#5, ADR 0036)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from gettext import NullTranslations
from typing import Any, ClassVar

from starlette.requests import Request

from contracts.gateway.bulk_events import BulkSubject
from contracts.problem import Invalid
from services.gateway.domain.bulk import Begun
from services.gateway.pages.bulk.kind import Wanted, Words
from services.gateway.pages.contacts.found import MOST, found
from services.gateway.pages.contacts.frame import Frame
from services.gateway.pages.contacts.shown import address
from services.gateway.pages.doing import csrf
from services.gateway.pages.more import EXPORT_CONTACTS
from services.kit import clock
from services.kit.web import Asker, Sitting


class ContactsListed:
    """See bulk.kind.Listed."""

    subject: ClassVar[BulkSubject] = "contact"
    at: ClassVar[str] = "/contacts/bulk"
    home: ClassVar[str] = "/contacts"

    async def frame(self, asker: Asker, sitting: Sitting, request: Request) -> Frame:
        return await Frame.of(asker, sitting, request)

    async def wanted(self, _asker: Asker, _sitting: Sitting, form: Mapping[str, str]) -> Wanted:
        if form.get("action") != "remove":
            raise Invalid("choose what is to be done", field="value")
        return Wanted("remove", None)

    async def matching(self, asker: Asker, sitting: Sitting, frame: Frame) -> list[str]:
        ids: list[str] = []
        cursor: str | None = None
        while True:
            page = await found(asker, sitting, frame.asked, limit=MOST, cursor=cursor, match="exact")
            if frame.asked.q and (page.total > len(page.people) or not page.exact):
                raise Invalid("narrow the search", field="q")
            ids += [each.contact_id for each in page.people]
            cursor = page.next
            if cursor is None:
                return ids

    async def names(self, asker: Asker, sitting: Sitting, ids: Sequence[str]) -> dict[str, tuple[str, str]]:
        known = (await asker.ask(sitting, "/contacts", ids=",".join(ids))).items if ids else []
        return {each.contact_id: (each.name, address(each.contact_id)) for each in known if each.erased_at is None}

    def title(self, frame: Frame, _: Begun) -> str:
        return frame.say.gettext("Contacts removed")

    def words(self, say: NullTranslations) -> Words:
        return Words(
            home=say.gettext("Contacts"),
            unseen=say.gettext("a contact that you do not see"),
            no_right=say.gettext("your account may not change contacts any more"),
            late=say.gettext("It can be undone for ten minutes only. Each contact can be restored on its own page."),
            choose=say.gettext("Choose contacts in the list first."),
            narrow=say.gettext("The search finds too many contacts. Type more of the name."),
        )

    def told(self, frame: Frame, count: int, *, undone: bool) -> str:
        if undone:
            text = frame.say.ngettext("%(num)s contact is there again.", "%(num)s contacts are there again.", count)
        else:
            text = frame.say.ngettext("%(num)s contact removed.", "%(num)s contacts removed.", count)
        return text % {"num": frame.texts.count(count)}


CONTACTS_LISTED = ContactsListed()


def offered(frame: Frame, request: Request, shown: int, total: int, *, exact: bool) -> dict[str, Any]:
    """Return what the list needs so that many contacts can be removed or taken out; `picking` false: they cannot.
    `shown`: rows of this page; `total`: all that match; `every`: so many can be chosen beyond the page, 0: none."""
    asked, writes, exports = frame.asked, frame.caller.may("clients.write"), frame.caller.may("export")
    whole = exact and total > shown and (not asked.q or total <= MOST)
    return {
        "picking": writes or exports,
        "removing": writes,
        "exporting": EXPORT_CONTACTS if exports else "",
        "every": total if whole else 0,
        "csrf": csrf(request),
        "key": clock.new_id(),
        "action": asked.address(ContactsListed.at, cursor=asked.cursor),
    }

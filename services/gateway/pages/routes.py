"""All pages of the gateway, and the files they need."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from services.gateway.bulk.acts import Acts
from services.gateway.pages import look
from services.gateway.pages.bulk.routes import BulkPages
from services.gateway.pages.clients import erasing, export, field, forms
from services.gateway.pages.clients.bulk import CLIENTS_LISTED
from services.gateway.pages.clients.listed import add_filter, clients
from services.gateway.pages.clients.options import OPTIONS, options
from services.gateway.pages.clients.page import client, panel, why
from services.gateway.pages.clients.palette import palette
from services.gateway.pages.clients.similar import similar
from services.gateway.pages.clients.views import routes as views
from services.gateway.pages.contacts import export as contact_export
from services.gateway.pages.contacts import forms as contact_forms
from services.gateway.pages.contacts import page as contact_page
from services.gateway.pages.contacts.bulk import CONTACTS_LISTED
from services.gateway.pages.contacts.listed import contacts
from services.gateway.pages.first import first
from services.gateway.pages.imports.port import Imports
from services.gateway.pages.imports.routes import ImportPages
from services.gateway.pages.mentions import bell
from services.gateway.pages.mentions.options import OPTIONS as MENTIONABLE
from services.gateway.pages.mentions.options import options as mentionable
from services.gateway.pages.specimen.routes import SPECIMEN
from services.gateway.pages.static import assets, static
from services.kit.engine import Engine
from services.kit.rights import OPEN, SIGNED_IN, needs
from services.kit.web import PageRoute


def pages(engine: Engine, *, imports: Imports | None = None, development: bool = False) -> Sequence[PageRoute]:
    """Return the routes of the pages; the specimen is for development only. `imports`: takes files in, where this
    process can. Raises Unusable if files are not built."""
    assets()
    acts = Acts(engine)
    always = (
        PageRoute("/", first, needs=SIGNED_IN),
        PageRoute("/clients", partial(clients, acts), needs=needs("clients.read")),
        PageRoute("/clients/filter", partial(add_filter, acts), needs=needs("clients.read")),
        PageRoute("/clients/{client_id}", client, needs=needs("clients.read")),
        PageRoute("/clients/{client_id}/panel", panel, needs=needs("clients.read")),
        PageRoute("/clients/{client_id}/why/{field}", why, needs=needs("clients.read", "numbers")),
        PageRoute("/contacts", partial(contacts, acts), needs=needs("clients.read")),
        PageRoute("/contacts/{contact_id}", contact_page.contact, needs=needs("clients.read")),
        PageRoute("/contacts/{contact_id}/panel", contact_page.panel, needs=needs("clients.read")),
        PageRoute("/contacts/{contact_id}/why/{field}", contact_page.why, needs=needs("clients.read", "numbers")),
        PageRoute(OPTIONS, options, needs=needs("clients.read")),
        PageRoute(MENTIONABLE, mentionable, needs=needs("clients.write")),
        PageRoute("/similar", similar, needs=needs("clients.write")),
        PageRoute("/palette", palette, needs=needs("clients.read")),
        PageRoute(look.PATH, look.choose, needs=OPEN),
        PageRoute("/static/{version}/{name:path}", static, needs=OPEN),
    )
    every = (
        *always,
        *forms.routes(),
        *field.routes(),
        *erasing.routes(),
        *export.routes(),
        *BulkPages(acts, CLIENTS_LISTED).routes(),
        *BulkPages(acts, CONTACTS_LISTED).routes(),
        *views.routes(),
        *contact_forms.routes(),
        *bell.routes(),
        *contact_export.routes(),
        *ImportPages(imports).routes(),
    )
    return (*every, *SPECIMEN) if development else every

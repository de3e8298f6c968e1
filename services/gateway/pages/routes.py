"""All pages of the gateway, and the files they need."""

from __future__ import annotations

from collections.abc import Sequence

from services.gateway.pages import look
from services.gateway.pages.clients import export, forms
from services.gateway.pages.clients.listed import add_filter, clients
from services.gateway.pages.clients.page import client, panel, why
from services.gateway.pages.clients.palette import palette
from services.gateway.pages.first import first
from services.gateway.pages.specimen.routes import SPECIMEN
from services.gateway.pages.static import assets, static
from services.kit.engine import Engine
from services.kit.rights import OPEN, SIGNED_IN, needs
from services.kit.web import PageRoute


def pages(_: Engine, *, development: bool = False) -> Sequence[PageRoute]:
    """Return the routes of the pages; the specimen is for development only. Raises Unusable if files are not built."""
    assets()
    always = (
        PageRoute("/", first, needs=SIGNED_IN),
        PageRoute("/clients", clients, needs=needs("clients.read")),
        PageRoute("/clients/filter", add_filter, needs=needs("clients.read")),
        PageRoute("/clients/{client_id}", client, needs=needs("clients.read")),
        PageRoute("/clients/{client_id}/panel", panel, needs=needs("clients.read")),
        PageRoute("/clients/{client_id}/why/{field}", why, needs=needs("clients.read", "numbers")),
        PageRoute("/palette", palette, needs=needs("clients.read")),
        PageRoute(look.PATH, look.choose, needs=OPEN),
        PageRoute("/static/{version}/{name:path}", static, needs=OPEN),
    )
    every = (*always, *forms.routes(), *export.routes())
    return (*every, *SPECIMEN) if development else every

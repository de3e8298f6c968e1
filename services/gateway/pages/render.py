"""Templates, one environment for each language, and the answers made of them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache, partial
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import Response

from services.gateway.pages.languages import LANGUAGES, catalogue
from services.gateway.pages.look import CHOICES, Look
from services.gateway.pages.refusals import said
from services.gateway.pages.static import assets

TEMPLATES = Path(__file__).parents[1] / "templates"
_FORMS = (("one", 1), ("few", 2), ("many", 5), ("other", 2))
"""What Intl.PluralRules calls the forms of our languages, with a number of each: scripts choose among them."""
_VARY = "accept-language, cookie, hx-request"


@cache
def environment(language: str) -> Environment:
    """Return the templates of a language: `_()` speaks it, `|said` has what refused a command speak
    it, `asset()` gives addresses of files."""
    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    words = catalogue(language)
    made.install_gettext_callables(  # type: ignore[attr-defined]
        words.gettext, words.ngettext, newstyle=True, pgettext=words.pgettext, npgettext=words.npgettext
    )
    made.filters["said"] = partial(said, words)
    made.globals |= {
        "lang": language,
        "languages": LANGUAGES,
        "choices": CHOICES,
        "asset": assets().address,
        "plural_forms": _FORMS,
    }
    return made


def html(
    look: Look, template: str, values: Mapping[str, Any], *, status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    """Return a page, or a part of one that htmx asked for. The template also has `look`."""
    content = environment(look.language).get_template(template).render({**values, "look": look})
    return Response(content, status, {"vary": _VARY, **(headers or {})}, "text/html")

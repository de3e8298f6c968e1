"""Opens pages as somebody with a language, a theme and a screen, and writes down what pages complain about."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request

from tests.browser.served import BULK, LOGIN, PASSWORD, REMOVED, VIEW

AXE = Path(__file__).parents[2] / "assets/node_modules/axe-core/axe.min.js"
WIDTHS = {390: 844, 820: 1180, 1440: 900}
"""Phone, tablet, desk: width → height, px."""
CLIENT = "/clients/{client}"
"""The page of the first client of the list."""
IMPORT = "/clients/import/{ready}"
"""A file whose columns are being matched."""
TAKEN = "/clients/import/{taken}"
"""One that was imported."""
_FIRST = {
    CLIENT: ("/clients", "a.cover"),
    IMPORT: ("/clients/import", ".imports li:first-child a"),
    TAKEN: ("/clients/import", ".imports a:text-is('taken.csv')"),
}
"""Page → where a link to it is, and which."""
PAGES = (
    "/", "/ui", "/ui?panel=4102", "/clients", "/clients?status=current&q=a",
    "/clients?view=table&status=current&sales_count=ge:1", "/clients?view=table&add=balance",
    "/clients?view=table&country=Nowhere", "/clients?q=walkre", f"/clients?temperature=warm&view=table&saved={VIEW}",
    "/clients/export?status=current", CLIENT, f"{CLIENT}?tab=history",
    "/clients/new", f"{CLIENT}/edit", f"{CLIENT}/erase", f"{CLIENT}?tab=contacts", "/contacts",
    "/contacts?q=a&panel=person-0-0", "/contacts?q=nobody", "/contacts/person-2-0",
    "/contacts/person-0-0?tab=history", "/contacts/person-0-0/edit", "/contacts/new", "/contacts/export",
    "/clients/import", IMPORT, TAKEN, f"/clients/bulk/{BULK}", f"/contacts/bulk/{REMOVED}",
    "/contacts/person-5-1", "/contacts/export?ids=person-0-0,person-0-1", "/profile", "/employees", "/sign-in",
)  # fmt: skip
LANGUAGES = ("en", "uk", "ru")
WAIT_MS = 60_000
_REPORT = """
document.addEventListener("securitypolicyviolation", (e) =>
  console.error(`policy: ${e.effectiveDirective} ${e.blockedURI} ${e.sample}`));
window.shifts = [];
new PerformanceObserver((list) => {
  for (const e of list.getEntries()) {
    const moved = e.sources.map((source) => source.node?.outerHTML?.slice(0, 120));
    if (!e.hadRecentInput) window.shifts.push({value: e.value, moved});
  }
}).observe({type: "layout-shift", buffered: true});
"""


@dataclass
class Desk:
    """`address`: this machine by number, a secure context; `name`: the same by a name, which is none."""

    browser: Browser
    address: str
    name: str
    reports: list[str] = field(default_factory=list)
    provoked: str | None = None
    """What reports that the test itself brings about have in them."""
    cookies: dict[tuple[str, str], list[Any]] = field(default_factory=dict)
    """Address and login → the cookies of who signed in there: once for all tests of a session."""
    _contexts: list[BrowserContext] = field(default_factory=list)

    def open(
        self,
        path: str,
        *,
        width: int = 1440,
        language: str = "en",
        theme: str = "light",
        at: str | None = None,
        scripts: bool = True,
        scheme: str = "light",
        motion: str = "reduce",
        who: str = LOGIN,
    ) -> Page:
        """Open a page in a browser of its own, and wait until it and its fonts are there."""
        base = at or self.address
        context = self.browser.new_context(
            base_url=base,
            viewport={"width": width, "height": WIDTHS.get(width, 900)},
            locale=language,
            java_script_enabled=scripts,
            color_scheme=scheme,  # type: ignore[arg-type]
            reduced_motion=motion,  # type: ignore[arg-type]
        )
        self._contexts.append(context)
        context.set_default_timeout(WAIT_MS)
        self._sign_in(context, base, who)
        if theme != "auto":
            context.add_cookies([{"name": "voronka-theme", "value": theme, "url": base}])
        context.add_init_script(_REPORT)
        page = context.new_page()
        page.on("console", self._heard)
        page.on("pageerror", lambda error: self._note(f"error: {error}"))
        page.on("requestfailed", self._failed)
        for place, (listed, link) in _FIRST.items():
            if path.startswith(place):
                page.goto(listed)
                first = page.locator(link).first.get_attribute("href")
                assert first is not None
                path = path.replace(place, first)
        answer = page.goto(path)
        assert answer is not None
        assert answer.ok, answer.status
        page.wait_for_load_state("load")
        if scripts:
            page.evaluate("document.fonts.ready.then(() => null)")
            page.wait_for_function("!('busy' in document.documentElement.dataset)")
        return page

    def _sign_in(self, context: BrowserContext, base: str, who: str) -> None:
        if (base, who) not in self.cookies:
            page = context.new_page()
            page.goto("/sign-in")
            page.fill("input[name=login]", who)
            page.fill("input[name=password]", PASSWORD)
            page.keyboard.press("Enter")
            page.wait_for_url(f"{base}/")
            page.close()
            self.cookies[base, who] = list(context.cookies())
        context.add_cookies(self.cookies[base, who])

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self._note(f"{message.type}: {message.text}")

    def _failed(self, asked: Request) -> None:
        """Note what could not be had; a request that a page gave up for a newer one is none of it."""
        if asked.failure != "net::ERR_ABORTED":
            self._note(f"failed: {asked.url} {asked.failure}")

    def _note(self, report: str) -> None:
        if self.provoked is None or self.provoked not in report:
            self.reports.append(report)

    def close(self) -> None:
        for context in self._contexts:
            context.close()


def axe(page: Page, within: str | None = None) -> list[str]:
    """Return what axe finds wrong on the page as it is now: rule, what it wants, where."""
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate("(within) => axe.run(within ?? document, {resultTypes: ['violations']})", within)
    return [
        f"{rule['id']}: {rule['help']}: {node['target']} {node['html'][:160]} {node['failureSummary'][:300]}"
        for rule in found["violations"]
        for node in rule["nodes"]
    ]

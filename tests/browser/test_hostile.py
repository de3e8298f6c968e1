"""Text that is hostile stays text, and no page of another site acts for who is signed in (TORTURE S5, S6)."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx2
import pytest
from playwright.sync_api import Browser

from services.cli.workspace import SERVICES
from services.gateway.accounts.accounts import add
from services.gateway.site import Site
from services.kit.engine import Engine
from services.kit.web import create_app
from tests.browser.desk import WAIT_MS, Desk
from tests.browser.served import LOGIN, PASSWORD
from tests.flows.test_rights import PAGES, WRITES
from tests.support.door import cheap
from tests.support.threaded import in_a_thread

RUN = "window.ran=1"
PAYLOADS = (
    f"<script>{RUN}</script>", f"<img src=x onerror={RUN}>", f'"><img src=x onerror={RUN}>', f"'><svg onload={RUN}>",
    f"</textarea><script>{RUN}</script>", f"</title><script>{RUN}</script>", f'" autofocus onfocus="{RUN}',
    f"' onmouseover='{RUN}", f"javascript:{RUN}", f" JaVaScRiPt:{RUN}", f"<details open ontoggle={RUN}>x",
    '<iframe srcdoc="<script>parent.ran=1</script>"></iframe>', f"<a href=javascript:{RUN} id=x>x</a>",
    f"<svg><script>{RUN}</script></svg>", f"<math><mtext><img src=x onerror={RUN}></mtext></math>",
    f"<form action=javascript:{RUN}><button>x</button></form>", f"&lt;script&gt;{RUN}&lt;/script&gt;",
    f"\\u003cscript\\u003e{RUN}\\u003c/script\\u003e", "{{ 7 * 7 }}{% raw %}", f"${{{RUN}}}`",
    f"<template><img onerror={RUN}>",
    f"<object data=javascript:{RUN}></object>", f"<style>*{{background:url(javascript:{RUN})}}</style>",
    f"<div hx-on:click={RUN} hx-get=/ hx-trigger=load>x</div>", f"]]><img src=x onerror={RUN}>",
)  # fmt: skip
_LOOKED = """() => ({
  ran: window.ran ?? null,
  acting: [...document.querySelectorAll("*")].filter((e) => [...e.attributes].some((a) =>
    /^(on|hx-on)/i.test(a.name)
    || (/^\\s*javascript:/i.test(a.value) && ["href", "action", "src", "data"].includes(a.name)))
    || (e.tagName === "SCRIPT" && !e.src) || ["IFRAME", "OBJECT", "MATH"].includes(e.tagName)
    || e.getAttribute("hx-get") === "/").map((e) => e.outerHTML.slice(0, 200)),
  shown: document.documentElement.innerHTML.includes("window.ran=1"),
})"""


answered: list[tuple[str, int]] = []
"""Path and status of what was posted: the browser tells nobody what it had from another site."""


class _Noted:
    """The application, with what it answers noted."""

    def __init__(self, app: Any) -> None:
        self._app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        async def noting(message: Any) -> None:
            if message["type"] == "http.response.start" and scope["method"] == "POST":
                answered.append((scope["path"], message["status"]))
            await send(message)

        await self._app(scope, receive, noting)


async def _made(running: Engine) -> Any:
    """Every text field that is shown somewhere holds each payload once."""
    site = Site.of(running, passwords=cheap())
    me = await add(site.accounts, PAYLOADS[0], LOGIN, "administrator", PASSWORD, "system")
    app = create_app(running, SERVICES, site.pages, gate=site.gate)
    token = await site.accounts.issue_token(me, PAYLOADS[1], ["read", "write", "accounts"], 1, me)
    headers = {"authorization": f"Bearer {token}"}
    async with httpx2.AsyncClient(
        transport=httpx2.ASGITransport(app), base_url="http://localhost/api/v1", headers=headers
    ) as http:
        keys = 0

        async def post(path: str, **body: Any) -> None:
            nonlocal keys
            keys += 1
            answer = await http.post(path, json=body, headers={"Idempotency-Key": f"k{keys}"})
            assert answer.status_code in (200, 201), (path, body, answer.text)

        await post("/settings", base_currency="EUR", name=PAYLOADS[0], branches=[PAYLOADS[1]])
        for number, text in enumerate(PAYLOADS):
            client, fields = (
                f"c{number}",
                ("address", "business_type", "category", "city", "country", "segment", "source"),
            )
            await post("/employees", name=text, team=text, region=text)
            await post(
                "/clients", client_id=client, name=text, phones=[text], email=text, tax_id=text, tags=[text],
                links=[text], **dict.fromkeys(fields, text),
            )  # fmt: skip
            await post(f"/clients/{client}/details", name=f"{text} 2", **dict.fromkeys(fields, text))
            await post(
                "/contacts", client_id=client, name=text, position=text, phones=[text], email=text, telegram=text
            )
            await post("/notes", client_id=client, text=text, priority="high")
            await post("/views", name=text, audience="all")
            stages = [{"stage_id": "s", "name": text, "kind": "in_work"}]
            await post("/funnels", funnel_id=f"f{number}", name=text, subject="deal", stages=stages)
            await post("/deals", client_id=client, funnel_id=f"f{number}", value=1, title=text)
            await post(f"/clients/{client}/lost", reason=text)
    assert await running.settle()
    return _Noted(app)


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with in_a_thread(tmp_path_factory.mktemp("hostile"), _made) as port:
        yield f"http://127.0.0.1:{port}"


class _Empty(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("content-type", "text/html")
        self.end_headers()
        self.wfile.write(b"<!doctype html><body>")

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture
def elsewhere() -> Iterator[str]:
    """A site of somebody else: under another name, as near as ours, or the browser would not let it ask at all."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Empty) as server:
        threading.Thread(target=server.serve_forever).start()
        yield f"http://localhost:{server.server_port}/"
        server.shutdown()


@pytest.fixture
def hostile(chromium: Browser, address: str) -> Iterator[Desk]:
    made = Desk(chromium, address, address)
    yield made
    made.close()


def test_text_in_every_field_is_shown_and_never_run(hostile: Desk):  # S5: 25 payloads, 25 fields
    """A handler that got into a page would be reported by the policy even if it kept it from running."""
    page = hostile.open("/")
    page.on("dialog", lambda dialog: hostile.reports.append(f"dialog: {dialog.message}"))
    lists = ["/", "/clients", "/clients?view=table", "/contacts", "/employees", "/profile", "/clients/export"]
    each = ["", "?tab=history", "?tab=contacts", "/edit", "/erase"]
    of_clients = [f"/clients/c{number}{each[number % len(each)]}" for number in range(len(PAYLOADS))]
    panels = ["/clients?panel=c3", "/clients?q=ran", "/clients?tag=" + "%3Cimg%20src%3Dx%20onerror%3Dwindow.ran%3D1%3E"]
    for path in (*lists, *of_clients, *panels):
        page.goto(path)
        page.wait_for_load_state("load")
        looked = page.evaluate(_LOOKED)
        assert (looked["ran"], looked["acting"]) == (None, []), path
        assert looked["shown"] or path in of_clients, f"{path} shows nothing hostile: it proves nothing"
    page.goto("/")
    page.keyboard.press("/")
    page.keyboard.type("ran")
    page.locator("#palette-list [role=option]").first.wait_for()
    assert page.evaluate(_LOOKED)["acting"] == []
    assert hostile.reports == []


_SENT = """(paths) => {
  for (const path of paths) {
    fetch(path, {method: "POST", mode: "no-cors", credentials: "include", body: "{}"}).catch(() => {});
    const frame = document.body.appendChild(document.createElement("iframe"));
    frame.name = path;
    const form = document.body.appendChild(document.createElement("form"));
    Object.assign(form, {method: "POST", action: path, target: path});
    form.submit();
  }
}"""


def test_no_page_of_another_site_sends_anything(hostile: Desk, address: str, elsewhere: str):  # S6
    """Forms and fetch, to every address that changes something; and none of our pages shows in another's frame."""
    ours = hostile.open("/profile")
    status = "async () => (await (await fetch('/api/v1/status')).json()).head"
    before = ours.evaluate(status)
    assert before > 0
    paths = [f"/api/v1{path}" for path in WRITES] + [path for method, path in PAGES if method == "POST"]
    for part in ("{client_id}", "{contact_id}"):
        paths = [path.replace(part, "c1") for path in paths]
    paths = [path.replace("{", "").replace("}", "") for path in paths]
    assert len(paths) > 100
    other = ours.context.new_page()
    other.goto(elsewhere)
    answered.clear()
    other.evaluate(_SENT, [f"{address}{path}" for path in paths])
    for _ in range(WAIT_MS // 100):
        if len(answered) >= 2 * len(paths):
            break
        other.wait_for_timeout(100)
    assert Counter(answered) == Counter({(path, 403): 2 for path in paths})
    assert ours.evaluate(status) == before
    frame = other.evaluate_handle("() => document.body.appendChild(document.createElement('iframe'))").as_element()
    assert frame is not None
    frame.evaluate(
        "(frame, to) => { frame.src = to; return new Promise((done) => { frame.onload = done; }); }", address
    )
    inside = frame.content_frame()
    assert inside is not None
    assert inside.url.startswith("chrome-error://")

"""Language, theme and menu are chosen by links that need no script, and kept; the specimen is for development (#5)."""

from __future__ import annotations

from pathlib import Path

import httpx2
import pytest
import pytest_asyncio

from services.cli.workspace import SERVICES
from services.gateway.pages.routes import pages
from services.kit.web import create_app
from tests.support.app import App, running
from tests.support.staff import AS_LOCAL, STAFF

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def developing(app: App):
    """The same workspace, served for development."""
    made = create_app(app.engine, SERVICES, pages(app.engine, development=True), gate=STAFF)
    async with httpx2.AsyncClient(
        transport=httpx2.ASGITransport(made), base_url="http://localhost", headers=AS_LOCAL
    ) as client:
        yield client


async def test_the_specimen_is_not_there_for_users(app: App, developing: httpx2.AsyncClient):
    for path in ("/ui", "/ui/options", "/ui/panel/2041"):
        assert (await app.http.get(path)).status_code == 404
        assert (await developing.get(path)).status_code == 200
    assert (await developing.get("/ui/panel/1")).status_code == 404


@pytest.mark.parametrize(("name", "value"), [("language", "uk"), ("theme", "dark"), ("menu", "narrow")])
async def test_a_choice_is_kept_and_comes_back(app: App, name: str, value: str):
    answer = await app.http.get(f"/look?{name}={value}&back=/%3Fsort%3Dsales_sum")
    assert (answer.status_code, answer.headers["location"]) == (303, "/?sort=sales_sum")
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith(f"voronka-{name}={value};")
    assert "SameSite=lax" in cookie
    assert "Max-Age=31536000" in cookie
    app.http.cookies.clear()
    html = (await app.http.get("/", headers={"cookie": f"voronka-{name}={value}"})).text
    shown = {"language": f'lang="{value}"', "theme": f'data-bs-theme="{value}"', "menu": f'data-menu="{value}"'}
    assert shown[name] in html.split("<head>")[0]


async def test_without_a_choice_the_browser_and_the_device_decide(app: App):
    html = (await app.http.get("/", headers={"accept-language": "uk"})).text
    assert '<html lang="uk" data-bs-theme="auto" data-menu="wide">' in html
    html = (await app.http.get("/", headers={"cookie": "voronka-theme=pink; voronka-language=xx"})).text
    assert '<html lang="en" data-bs-theme="auto" data-menu="wide">' in html


@pytest.mark.parametrize(
    "back", ["//evil.example", "https://evil.example/", "/\\evil.example", "javascript:x", "", "/%0d%0aset-cookie:a=b"]
)
async def test_a_choice_leads_to_no_other_site(app: App, back: str):
    answer = await app.http.get("/look", params={"theme": "dark", "back": back.replace("%0d%0a", "\r\n")})
    app.http.cookies.clear()
    assert answer.headers["location"] == "/"


async def test_nothing_else_is_kept(app: App):
    answer = await app.http.get("/look?theme=pink&language=xx&size=9&back=/")
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
async def test_another_site_chooses_nothing(app: App, site: str):
    answer = await app.http.get("/look?theme=dark&back=/", headers={"sec-fetch-site": site})
    assert answer.status_code == 303
    assert "set-cookie" not in answer.headers


async def test_links_choose_without_a_script(app: App):
    html = (await app.http.get("/?sort=sales_sum")).text
    assert 'href="/look?language=uk&amp;back=%2F%3Fsort%3Dsales_sum"' in html
    assert 'href="/look?theme=dark&amp;back=%2F%3Fsort%3Dsales_sum"' in html


@pytest.mark.parametrize("path", ["/", "/look?back=/", "/static/x/app.css"])
async def test_every_answer_has_the_strict_policy(app: App, path: str):  # S6
    policy = (await app.http.get(path)).headers["content-security-policy"]
    parts = dict(part.strip().split(" ", 1) for part in policy.split(";"))
    assert parts == {
        "default-src": "'self'",
        "script-src": "'self'",
        "style-src": "'self'",
        "img-src": "'self' data:",
        "object-src": "'none'",
        "base-uri": "'none'",
        "form-action": "'self'",
        "frame-ancestors": "'none'",
    }


async def test_pages_of_other_sites_are_kept_apart_where_browsers_heed_it(app: App):
    made = create_app(app.engine, SERVICES, pages(app.engine), gate=STAFF, hosts=["crm.example"])
    for base, sent in (("http://localhost", True), ("https://crm.example", True), ("http://crm.example", False)):
        async with httpx2.AsyncClient(transport=httpx2.ASGITransport(made), base_url=base, headers=AS_LOCAL) as client:
            headers = (await client.get("/")).headers
            assert (headers.get("cross-origin-opener-policy") == "same-origin") is sent, base


async def test_a_page_is_not_mixed_up_in_a_cache(app: App):
    answer = await app.http.get("/")
    assert answer.headers["vary"] == "accept-language, cookie, hx-request"
    assert answer.headers["cache-control"] == "no-store"


async def test_html_of_the_pages_is_small(app: App, developing: httpx2.AsyncClient, tmp_path: Path):  # at most 120 kB
    async with running(tmp_path) as empty:
        for client, path in ((app.http, "/"), (empty.http, "/"), (developing, "/ui")):
            assert len((await client.get(path)).content) <= 120_000

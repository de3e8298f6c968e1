"""The first page: the eight fields and one funnel, in three languages, with hostile names harmless (S1.4 to S1.14)."""

import re
from pathlib import Path

import pytest
import pytest_asyncio
from markupsafe import escape

from tests.support.app import App, running
from tests.support.world import World

pytestmark = pytest.mark.asyncio(loop_scope="module")
_HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "{{ 7 * 7 }}",
    "' onmouseover='x",
    "</table>",
]


async def page(app: App, address: str = "/", language: str = "en") -> str:
    response = await app.http.get(address, headers={"Accept-Language": language})
    assert response.status_code == 200, response.text
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    return response.text


def text_of(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html)).replace("\u00a0", " ")


async def test_an_empty_workspace_says_what_to_do(tmp_path: Path):
    async with running(tmp_path) as empty:
        shown = text_of(await page(empty))
        assert "There are no clients yet." in shown
        assert "bring your list in from a file" in shown
        assert "There is no funnel yet." in shown


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def sold(app: App) -> None:
    """One client with a deal in work, one won and one lost."""
    world = World(app)
    await app.done("/settings", {"base_currency": "EUR", "zone": "Europe/Kyiv", "name": "Shop"})
    await world.make("deal")
    client = world.ids["client"]
    await app.done(f"/clients/{client}/details", {"name": "Зоря & Co"})
    for value, stage in [(50_000_000, "won"), (1_250, "lost")]:
        body = {"client_id": client, "funnel_id": world.ids["deal_funnel"], "stage_id": stage, "value": value}
        await app.done("/deals", body)
    assert await app.engine.settle()


@pytest.mark.usefixtures("sold")
async def test_the_eight_fields_of_a_client_and_the_totals(app: App):
    html = await page(app)
    row = text_of(html[html.index("Зоря &amp; Co") :].split("</tr>")[0])
    assert re.search(r"Зоря &amp; Co #\d+ 1 500,000.00 500,000.00 1 100.00 1 12.50 \d\d\.\d\d\.\d{4} \d\d:\d\d", row), (
        row
    )
    assert re.search(r"Total 1 500,000.00 500,000.00 1 100.00 1 12.50", text_of(html))
    assert "Sales, EUR" in text_of(html)
    assert "Sales analytics (client)" in html  # S1.13
    assert "Average check, EUR" in text_of(html)


@pytest.mark.parametrize(
    ("language", "tongue", "words"),
    [
        ("en-GB,en;q=0.9", "en", ["Sales analytics", "As of", "In work", "Refused", "Sales funnel", "500,000.00"]),
        ("uk", "uk", ["Аналітика продажів", "Актуально на", "В роботі", "Відмови", "Воронка продажів", "500 000,00"]),
        ("de,ru;q=0.5,en;q=0.4", "ru", ["Аналитика продаж", "Актуально на", "В работе", "Отказы", "Воронка продаж"]),
    ],
)
@pytest.mark.usefixtures("sold")
async def test_the_page_speaks_the_browsers_language(
    app: App, language: str, tongue: str, words: list[str]
):  # P14, SPEC 4
    html = await page(app, language=language)
    shown = text_of(html)
    assert [word for word in words if word not in shown] == []
    assert f'<html lang="{tongue}" ' in html


@pytest.mark.parametrize("language", ["", "xx", "*", "en;q=zero", "uk;q=0", ",,,;;;"])
async def test_other_languages_get_english(app: App, language: str):
    assert '<html lang="en" ' in await page(app, language=language)


@pytest.mark.parametrize("name", _HOSTILE)
async def test_hostile_names_are_text(app: App, name: str):
    client = await app.done("/clients", {"name": name})
    body = {"name": name, "subject": "deal", "stages": [{"stage_id": "s", "name": name}]}
    funnel = await app.done("/funnels", body)
    deal = {"client_id": client["id"], "funnel_id": funnel["id"], "value": 900_000_000}
    await app.done("/deals", deal)
    assert await app.engine.settle()
    html = await page(app, f"/?funnel={funnel['id']}&sort=-changed_at")
    assert str(escape(name)) in html
    assert re.findall(r"<script(?! src=)", html) == []
    assert "<img" not in html
    assert html.count("</table>") == 2
    assert "onmouseover='" not in html
    assert " style=" not in html


async def test_columns_sort_and_pages_turn(app: App):
    for number in range(60):
        done = await app.done("/clients", {"name": f"Page {number}"})
    assert await app.engine.settle()
    assert done
    html = await page(app, "/?sort=refused_sum")
    assert 'aria-sort="ascending"' in html
    seen: list[str] = []
    for _ in range(10):
        seen += re.findall(r"#(\d+)</span></span></th>", html)
        following = re.search(r'href="([^"]+)" rel="next"', html)
        if following is None:
            break
        html = await page(app, following[1].replace("&amp;", "&"))
    assert len(seen) == len(set(seen))
    assert len(seen) >= 60
    previous = re.search(r'href="([^"]+)" rel="prev"', html)
    assert previous is not None
    back = re.findall(r"#(\d+)</span></span></th>", await page(app, previous[1].replace("&amp;", "&")))
    assert back == seen[-len(re.findall(r"#\d+</span></span></th>", html)) - 25 :][:25]


async def test_clients_put_away_are_counted_and_can_be_left_out(tmp_path: Path):  # P12, DEFINITIONS
    """Totals stay whatever becomes of a client: archived, marked lost, erased. The page says whom it counts."""
    async with running(tmp_path) as shop:
        world = World(shop)
        await shop.done("/settings", {"base_currency": "EUR"})
        funnel = await world.make("deal_funnel")
        for name, value in {"Here": 1_000, "Lost": 2_000, "Archived": 4_000, "Erased": 8_000}.items():
            await shop.done("/clients", {"client_id": name, "name": name})
            deal = {"client_id": name, "funnel_id": funnel, "stage_id": "won", "value": value}
            await shop.done("/deals", deal)
        assert "In the archive" not in await page(shop)
        for name, what in {"Lost": "lost", "Archived": "archive", "Erased": "erase"}.items():
            await shop.done(f"/clients/{name}/{what}")
        assert await shop.engine.settle()
        counted = (await shop.get("/metrics/clients"))["totals"]
        listed = (await shop.get("/metrics/clients", listed=True))["totals"]
        assert [(each["clients"], each["sales_sum"]) for each in (counted, listed)] == [(4, 15_000), (2, 3_000)]
        html = await page(shop)
        rows = [text_of(row) for row in html[html.index("<tbody>") :].split("</tr>")]
        assert [re.findall(r"Here|Lost|Archived|erased|In the archive", row) for row in rows[:4]] == [
            ["erased"],
            ["Archived", "In the archive"],
            ["Lost"],
            ["Here"],
        ]
        assert "Total 4 150.00" in rows[4]
        assert "Counted too: 2 in the archive or erased · Leave them out" in text_of(html)
        assert 'href="/?listed=1&amp;sort=-sales_sum"' in html
        without = await page(shop, "/?sort=-sales_sum&listed=1")
        rows = [text_of(row) for row in without[without.index("<tbody>") :].split("</tr>")]
        assert [re.findall(r"Here|Lost", row) for row in rows[:2]] == [["Lost"], ["Here"]]
        assert "Total 2 30.00" in rows[2]
        assert "Left out: 2 in the archive or erased · Count all" in text_of(without)
        assert re.search(r"sort=sales_sum&amp;listed=1|listed=1&amp;sort=sales_sum", without), "kept while one sorts"


@pytest.mark.parametrize(
    "query", ["sort=name", "cursor=abc", "cursor=abc&back=x,y", "funnel=nothing", "colour=red", "sort="]
)
async def test_a_broken_address_shows_the_first_page(app: App, query: str):
    assert "Sales analytics" in await page(app, f"/?{query}")


async def test_every_file_of_the_page_is_served(app: App):
    html = await page(app)
    for address in re.findall(r'(?:href|src)="(/static/[^"]+)"', html):
        response = await app.http.get(address)
        assert response.status_code == 200
        assert "immutable" in response.headers["cache-control"]
    assert (await app.http.get("/static/../first.py")).status_code == 404
    assert (await app.http.get("/static/first.html")).status_code == 404

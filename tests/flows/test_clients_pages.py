"""The pages of clients: list, client, palette; hostile texts are harmless (S3.1 to S3.9, S0.39, #5)."""

import re
from pathlib import Path

import pytest

from tests.flows.test_api_page import text_of
from tests.support.app import App, running
from tests.support.staff import bearer
from tests.support.world import World

_HOSTILE = "<img src=x onerror=alert(1)>"


async def page(app: App, address: str, *, language: str = "en", status: int = 200) -> str:
    response = await app.http.get(address, headers={"Accept-Language": language})
    assert response.status_code == status, response.text
    return response.text


async def client(app: App, id: str, **details: object) -> None:
    await app.done("/clients", {"client_id": id, "name": id.title(), **details})


async def people(app: App) -> None:
    """Two current and five potential clients."""
    await app.done("/settings", {"base_currency": "EUR", "zone": "Europe/Kyiv"})
    await client(app, "acme", status="current", email="office@acme.test", phones=["+380 44 555"], discount="10")
    await client(app, "walker", status="current", temperature="hot")
    for temperature in ("hot", "warm", "cold", "not_interested"):
        await client(app, f"lead-{temperature}", temperature=temperature)
    await client(app, "lead-new")
    await app.done("/notes", {"note_id": "n1", "client_id": "acme", "text": "Asks for a discount", "priority": "high"})
    assert await app.engine.settle(20)


def names(html: str) -> list[str]:
    return re.findall(r'class="cover"[^>]*>([^<]+)</a>', html)


async def test_current_clients_stand_above_potential_ones_each_with_its_count(
    tmp_path: Path,
) -> None:  # S3.3, S3.4, P28
    async with running(tmp_path) as app:
        await people(app)
        html = await page(app, "/clients")
        assert names(html) == [
            "Acme", "Walker", "Lead-Hot", "Lead-Warm", "Lead-Cold", "Lead-New", "Lead-Not_Interested",
        ]  # fmt: skip
        shown = text_of(html)
        assert shown.index("Current clients 2") < shown.index("Acme") < shown.index("Potential clients 5")
        card = shown[shown.index("Acme") : shown.index("Walker")]
        assert "discount 10.0 % office@acme.test +380 44 555 Asks for a discount" in re.sub(r" +", " ", card)
        folded = html[html.index("<details") : html.index("</details>")]
        assert names(folded) == ["Lead-Not_Interested"]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("status=current", ["Acme", "Walker"]),
        ("status=potential&temperature=hot", ["Lead-Hot"]),  # S3.8
        ("temperature=hot", ["Walker", "Lead-Hot"]),
        ("temperature=not_interested", ["Lead-Not_Interested"]),
        ("q=office%40acme", ["Acme"]),
        ("q=38044555", ["Acme"]),
        ("status=nonsense&temperature=nonsense&cursor=nonsense&q=walk", ["Walker"]),
        ("status=current&cursor=nonsense", ["Acme", "Walker"]),
    ],
)
async def test_filters_combine_and_stand_in_the_address(tmp_path: Path, query: str, expected: list[str]) -> None:
    async with running(tmp_path) as app:
        await people(app)
        assert names(await page(app, f"/clients?{query}")) == expected


async def test_an_empty_list_says_why(tmp_path: Path) -> None:
    async with running(tmp_path) as app:
        assert "There are no clients yet." in text_of(await page(app, "/clients"))
        await client(app, "acme")
        assert await app.engine.settle(20)
        html = await page(app, "/clients?status=potential&temperature=cold")
        assert "No Potential + Cold clients." in text_of(html)
        assert "Немає клієнтів за фільтром: «nobody»." in text_of(await page(app, "/clients?q=nobody", language="uk"))


async def test_a_section_shows_twelve_and_leads_to_all(tmp_path: Path) -> None:
    async with running(tmp_path) as app:
        for number in range(14):
            await client(app, f"c{number:02}", status="current")
        assert await app.engine.settle(20)
        first = await page(app, "/clients")
        assert (len(names(first)), "Show all 14" in text_of(first)) == (12, True)
        assert len(names(await page(app, "/clients?status=current"))) == 14


async def test_a_client_shows_its_data_notes_orders_and_numbers(
    tmp_path: Path,
) -> None:  # S3.9, S2.18, X2
    async with running(tmp_path) as app:
        world = World(app)
        await app.done("/settings", {"base_currency": "EUR", "zone": "Europe/Kyiv", "name": "Shop"})
        await world.make("deal")
        id = world.ids["client"]
        await app.done(f"/clients/{id}/details", {"name": _HOSTILE, "phones": ["+380441"], "email": "a@b.test"})
        body = {"client_id": id, "funnel_id": world.ids["deal_funnel"], "stage_id": "won", "value": 150_000}
        await app.done("/deals", body | {"title": "Big machine"})
        await app.done("/notes", {"client_id": id, "text": f"first line\n{_HOSTILE}", "priority": "medium"})
        await app.done("/contacts", {"client_id": id, "name": "Ada", "telegram": "@ada", "phones": ["+380442"]})
        assert await app.engine.settle(20)
        html = await page(app, f"/clients/{id}")
        assert _HOSTILE not in html
        shown = text_of(html)
        for text in ("tel:+380441", "mailto:a@b.test", "https://t.me/ada"):
            assert text in html
        for text in ("first line", "Ada", "Big machine", "1,500.00 EUR", "Medium"):
            assert text in shown, text
        assert "Sales, EUR 1,500.00" in re.sub(r" +", " ", shown)
        why = text_of(await page(app, f"/clients/{id}/why/sales_sum"))
        assert re.search(r"Deal, .* 1,500.00 .*Total 1,500.00", re.sub(r" +", " ", why))
        panel = text_of(await page(app, f"/clients/{id}/panel"))
        assert all(text in panel for text in ("first line", "a@b.test", "1,500.00"))


async def test_a_clients_history_is_told_in_sentences(tmp_path: Path) -> None:
    async with running(tmp_path) as app:
        await app.done("/employees", {"employee_id": "maria", "name": "Maria"})
        await client(app, "acme", discount="5")
        await app.done("/clients/acme/terms", {"discount": "10"}, **bearer("administrator:maria"))
        await app.done("/clients/acme/owner", {"owner_id": "maria"})
        assert await app.engine.settle(20)
        shown = re.sub(r" +", " ", text_of(await page(app, "/clients/acme?tab=history")))
        assert "Maria · Terms changed" in shown
        assert "Discount in percent: 5 → 10" in shown
        assert "Owner: – → Maria" in shown
        russian = text_of(await page(app, "/clients/acme?tab=history", language="ru"))
        assert "Клиент создан" in russian


async def test_notes_have_pages_of_their_own(tmp_path: Path) -> None:  # S3.20, S3.23
    async with running(tmp_path) as app:
        await client(app, "acme")
        for number in range(12):
            await app.done("/notes", {"client_id": "acme", "text": f"note {number:02}"})
        await app.done("/notes", {"client_id": "acme", "text": "urgent one", "priority": "high"})
        assert await app.engine.settle(20)
        main = await page(app, "/clients/acme")
        assert len(re.findall('class="note-item"', main)) == 10
        assert main.index("urgent one") < main.index("note 11")
        every = await page(app, "/clients/acme?tab=notes")
        assert len(re.findall('class="note-item"', every)) == 13
        assert len(re.findall('class="note-item"', await page(app, "/clients/acme?tab=notes&cursor=x"))) == 13


async def test_a_client_that_is_not_there_is_told_in_words(tmp_path: Path) -> None:
    async with running(tmp_path) as app:
        html = await page(app, "/clients/nobody", status=404)
        assert "No such client" in text_of(html)


async def test_the_palette_finds_clients_contacts_and_places(tmp_path: Path) -> None:  # S0.39, P21
    async with running(tmp_path) as app:
        await people(app)
        await app.done("/contacts", {"contact_id": "k1", "client_id": "acme", "name": "Wanda"})
        assert await app.engine.settle(20)
        found = text_of(await page(app, "/palette?q=wa"))
        assert found.index("Walker") < found.index("Wanda")
        assert "Acme" in text_of(await page(app, "/palette?q=%231"))
        assert "Changed last" in text_of(await page(app, "/palette"))
        assert "Sales analytics" in text_of(await page(app, "/palette?q=analyt"))
        assert "Nothing found" in text_of(await page(app, "/palette?q=zzzz"))


async def test_the_bar_of_a_phone_calls_notes_and_edits_as_one_may(tmp_path: Path) -> None:
    async with running(tmp_path) as app:
        await app.done("/clients", {"client_id": "acme", "name": "Acme", "phones": ["+380 44 1"]})
        await app.done("/clients", {"client_id": "mute", "name": "Mute"})
        assert await app.engine.settle(60)

        async def bar(path: str, who: str = "administrator:local") -> str:
            html = (await app.http.get(path, headers=bearer(who))).text
            return html[html.index('<nav class="bottom-bar"') :].partition("</nav>")[0]

        own = await bar("/clients/acme")
        assert re.findall(r'href="([^"]+)"', re.sub(r"<svg.*?</svg>", "", own)) == [
            "tel:+380441", "#new-note", "/clients/acme/edit",
        ]  # fmt: skip
        assert 'href="/clients/acme#new-note"' in await bar("/clients/acme?tab=history")
        mute = await bar("/clients/mute")
        assert ("tel:" in mute, "No phone" in mute) == (False, True)
        seen = await bar("/clients/acme", "marketer:kim")
        assert ("tel:+380441" in seen, "new-note" in seen, "/edit" in seen) == (True, False, False)

"""Two browsers at once: what one changes the other shows by itself, and nothing moves or is lost meanwhile (#5)."""

from __future__ import annotations

from uuid import uuid4

from playwright.sync_api import Page, Route, expect

from tests.browser.desk import CLIENT, Desk


def add_note(page: Page, text: str) -> None:
    page.fill(".add-note textarea", text)
    page.locator(".add-note button[type=submit]").click()
    expect(page.locator(".note-text").first).to_have_text(text)


def give_email(page: Page, address: str, email: str) -> None:
    page.goto(f"{address}/edit")
    page.fill("input[name=email]", email)
    page.keyboard.press("Control+Enter")
    expect(page.locator("dl.facts").first).to_contain_text(email)


def both(desk: Desk, language: str = "en") -> tuple[Page, Page, str]:
    """Return two browsers at one client, and its address."""
    mine, theirs = desk.open(CLIENT, language=language), desk.open(CLIENT)
    return mine, theirs, theirs.url


def test_what_others_change_is_shown_where_it_stands(desk: Desk):
    mine, theirs, address = both(desk)
    email = f"{uuid4().hex}@example.com"
    give_email(theirs, address, email)
    facts = mine.locator("dl.facts").first
    expect(facts).to_contain_text(email)
    expect(facts).to_have_class("facts is-changed")
    expect(facts).to_have_class("facts")
    expect(mine.locator(".live-bar .changes")).to_have_count(0)


def test_what_comes_is_told_and_moves_nothing_until_one_asks(desk: Desk):
    mine, theirs, _ = both(desk, language="uk")
    text = f"A note {uuid4().hex}"
    before = mine.locator(".note-text").all_inner_texts()
    add_note(theirs, text)
    bar = mine.locator(".live-bar")
    expect(bar).to_contain_text("1 зміна")
    assert mine.locator(".note-text").all_inner_texts() == before
    bar.get_by_role("link").click()
    expect(mine.locator(".note-text").first).to_have_text(text)
    expect(mine.locator(".live-bar .changes")).to_have_count(0)


def test_what_did_not_change_is_not_touched(desk: Desk):
    mine, theirs, _ = both(desk)
    mine.evaluate(
        """() => {
          window.renewed = [];
          const seen = (each) => each.addedNodes.forEach((node) => window.renewed.push(node.dataset?.liveItem));
          new MutationObserver((all) => all.forEach(seen)).observe(document.body, { childList: true, subtree: true });
        }"""
    )
    add_note(theirs, f"A note {uuid4().hex}")
    expect(mine.locator(".live-bar")).to_contain_text("Show")
    assert [each for each in mine.evaluate("window.renewed") if each] == []


def test_the_focus_stays_where_it_is(desk: Desk):
    mine, theirs, address = both(desk)
    pencil = mine.get_by_role("button", name="Edit: Segment")
    pencil.focus()
    email = f"{uuid4().hex}@example.com"
    give_email(theirs, address, email)
    expect(mine.locator("dl.facts").first).to_contain_text(email)
    expect(pencil).to_be_focused()


def test_updates_wait_while_one_writes(desk: Desk):
    mine, theirs, address = both(desk)
    mine.fill(".add-note textarea", "half a thou")
    email = f"{uuid4().hex}@example.com"
    give_email(theirs, address, email)
    mine.wait_for_timeout(1_500)
    assert email not in mine.locator("dl.facts").first.inner_text()
    expect(mine.locator(".add-note textarea")).to_have_value("half a thou")
    mine.locator("h1").click()
    mine.evaluate("document.activeElement.blur()")
    expect(mine.locator("dl.facts").first).to_contain_text(email)
    expect(mine.locator(".add-note textarea")).to_have_value("half a thou")


def test_what_was_missed_without_a_connection_is_shown_after_it(desk: Desk):
    mine, theirs, address = both(desk)
    desk.provoked = "net::ERR_INTERNET_DISCONNECTED"
    mine.context.set_offline(True)
    email = f"{uuid4().hex}@example.com"
    give_email(theirs, address, email)
    mine.context.set_offline(False)
    expect(mine.locator("dl.facts").first).to_contain_text(email)


def test_what_a_server_could_not_tell_is_asked_again(desk: Desk):
    mine, theirs, address = both(desk)
    desk.provoked = "503"
    asked: list[str] = []

    def away_once(route: Route) -> None:
        asked.append(route.request.url)
        if len(asked) == 1:
            route.fulfill(status=503, body="")
        else:
            route.fallback()

    mine.route(lambda url: url.startswith(address) and "after=" in url, away_once)
    email = f"{uuid4().hex}@example.com"
    give_email(theirs, address, email)
    expect(mine.locator("dl.facts").first).to_contain_text(email)
    assert len(asked) > 1


def test_the_eighth_window_of_a_browser_loads(desk: Desk):
    first = desk.open(CLIENT)
    for _ in range(7):
        page = first.context.new_page()
        page.goto(first.url)
        expect(page.locator("h1")).to_be_visible()


def test_contacts_renew_themselves_in_their_list_and_on_their_page(desk: Desk):  # S1.15
    theirs = desk.open("/contacts")
    link = theirs.locator("tbody .name-text").first
    name = link.inner_text()
    theirs.goto(f"{link.get_attribute('data-panel')}".removesuffix("/panel"))
    address = theirs.url
    listed, shown = desk.open("/contacts"), desk.open("/contacts")
    shown.goto(address)
    email = f"{uuid4().hex}@example.com"
    give_email(theirs, address, email)
    expect(shown.locator("dl.facts").first).to_contain_text(email)
    row = listed.locator("tbody tr", has=listed.get_by_role("link", name=name, exact=True)).first
    expect(row).to_contain_text(email)
    expect(listed.locator(".live-bar .changes")).to_have_count(0)
    before = listed.locator("tbody tr").count()
    theirs.get_by_role("button", name="More actions").click()
    theirs.get_by_role("button", name="Remove the contact").click()
    theirs.get_by_role("button", name="Remove", exact=True).click()
    theirs.wait_for_url("**gone=*")
    expect(listed.locator(".live-bar")).to_contain_text("Show")
    assert listed.locator("tbody tr").count() == before, "nothing moves until one asks"

"""What one types is kept: over a reload, a lost session and a lost connection; nobody else ever gets it (#5)."""

from __future__ import annotations

import re

from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.desk import CLIENT, Desk, axe
from tests.browser.served import LOGIN, PASSWORD

_RESTORED = "Restored what you had not saved"


def _kept(page: Page) -> dict[str, str]:
    """Return the drafts of this window."""
    found: dict[str, str] = page.evaluate("Object.fromEntries(Object.entries(sessionStorage))")
    return {key: value for key, value in found.items() if key.startswith("draft|")}


def _sign_in(page: Page) -> None:
    page.fill("input[name=login]", LOGIN)
    page.fill("input[name=password]", PASSWORD)
    page.keyboard.press("Enter")


def _own(desk: Desk) -> BrowserContext:
    """Return a browser with a session of its own, which may be ended."""
    context = desk.browser.new_context(base_url=desk.address, locale="en")
    context.set_default_timeout(60_000)
    return context


def test_a_reload_restores_what_was_typed_and_it_can_be_discarded(desk: Desk):
    page = desk.open("/clients/new")
    page.fill("#field-name", "Half & <b>typed</b>")
    page.fill("#field-phones", "+380 44 1\n+380 44 2")
    page.check("#field-status-2")
    page.locator("summary", has_text="More fields").click()
    page.select_option("#field-temperature", "hot")
    page.reload()
    notice = page.locator(".draft-notice")
    expect(notice).to_contain_text(_RESTORED)
    assert page.input_value("#field-name") == "Half & <b>typed</b>"
    assert page.input_value("#field-phones") == "+380 44 1\n+380 44 2"
    assert page.is_checked("#field-status-2")
    assert page.input_value("#field-temperature") == "hot"
    assert page.evaluate("shifts") == []
    assert axe(page, "main") == []
    (draft,) = _kept(page).values()
    for secret in ("csrf", "key"):
        assert page.locator(f"form[data-draft] input[name={secret}]").input_value() not in draft
    notice.get_by_role("button", name="Discard").click()
    assert (page.input_value("#field-name"), page.is_checked("#field-status-1")) == ("", True)
    expect(page.locator("#field-name")).to_be_focused()
    assert _kept(page) == {}
    page.reload()
    expect(notice).to_have_count(0)
    assert page.input_value("#field-name") == ""


def test_a_company_that_was_chosen_is_restored_with_its_name(desk: Desk):
    page = desk.open("/contacts/new")
    page.locator("#field-client_id").press_sequentially("#5")
    option = page.locator("#field-client_id-list [role=option]").first
    expect(option).to_be_visible()
    name, id = option.get_attribute("data-shown") or "-", option.get_attribute("data-value") or "-"
    option.click()
    page.reload()
    expect(page.locator("#field-client_id")).to_have_value(name)
    assert page.locator("input[name=client_id]").input_value() == id


def test_a_lost_connection_keeps_the_form_and_one_click_sends_it_once(desk: Desk):  # S3.10
    desk.provoked = "net::ERR_"
    page = desk.open("/clients/new")
    page.fill("#field-name", "Sent twice, made once")
    sent: list[str] = []

    def answer_is_lost(route) -> None:  # type: ignore[no-untyped-def]
        sent.append(route.request.post_data or "")
        route.fetch(max_redirects=0)  # it arrives, and its answer does not
        route.abort("connectionreset")

    page.route("**/clients/new", answer_is_lost, times=1)
    page.get_by_role("button", name="Save").click()
    lost = page.locator(".draft-lost")
    expect(lost).to_contain_text("There is no connection. What you typed is kept.")
    expect(lost.get_by_role("button", name="Try again")).to_be_focused()
    assert axe(page, "main") == []
    assert page.input_value("#field-name") == "Sent twice, made once"
    page.context.set_offline(True)
    page.keyboard.press("Enter")
    expect(lost).to_have_count(1)
    page.context.set_offline(False)
    expect(lost.get_by_role("button", name="Try again")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_contain_text("Sent twice, made once")
    assert len(sent) == 1
    assert _kept(page) == {}
    page.goto("/clients?q=Sent+twice")
    expect(page.locator("a.cover", has_text="Sent twice, made once")).to_have_count(1)


def test_a_refused_form_stays_with_what_was_typed_also_over_a_reload(desk: Desk):
    desk.provoked = "422"
    page = desk.open("/clients/new")
    page.fill("#field-name", "Refused")
    page.locator("summary", has_text="More fields").click()
    page.fill("#field-discount", "140")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("[role=alert]")).to_be_focused()
    page.fill("#field-city", "Lviv")
    page.reload()
    expect(page.locator(".draft-notice")).to_contain_text(_RESTORED)
    assert (page.input_value("#field-discount"), page.input_value("#field-city")) == ("140", "Lviv")
    page.get_by_role("link", name="Cancel").click()
    page.wait_for_url(re.compile("/clients$"))
    assert _kept(page) == {}


def test_a_note_is_kept_too_and_gone_when_it_is_saved(desk: Desk):  # S3.21
    page = desk.open(CLIENT)
    page.fill(".add-note textarea", "half a note")
    page.reload()
    expect(page.locator(".add-note textarea")).to_have_value("half a note")
    page.locator(".add-note button[type=submit]").click()
    expect(page.locator(".note-text").first).to_have_text("half a note")
    expect(page.locator(".add-note textarea")).to_have_value("")
    assert _kept(page) == {}
    page.locator(".note-edit").first.click()
    page.fill("#field-text", "half an edit")
    page.reload()
    expect(page.locator("#field-text")).to_have_value("half an edit")


def test_a_lost_session_leads_back_to_the_form(desk: Desk):
    context = _own(desk)
    page = context.new_page()
    page.goto("/clients/new")
    _sign_in(page)
    page.wait_for_url(re.compile("/clients/new$"))
    page.fill("#field-name", "Typed before it ended")
    context.clear_cookies(name=re.compile("voronka$"))
    page.get_by_role("button", name="Save").click()
    page.wait_for_url(re.compile(r"/sign-in\?next="))
    _sign_in(page)
    page.wait_for_url(re.compile("/clients/new$"))
    expect(page.locator(".draft-notice")).to_contain_text(_RESTORED)
    page.get_by_role("button", name="Save").click()
    expect(page.locator("h1")).to_contain_text("Typed before it ended")
    context.close()


def test_signing_in_again_elsewhere_seals_the_form_anew(desk: Desk):
    context = _own(desk)
    page = context.new_page()
    page.goto("/contacts/new")
    _sign_in(page)
    page.wait_for_url(re.compile("/contacts/new$"))
    page.goto("/clients/new")
    page.fill("#field-name", "Of an older seal")
    context.clear_cookies(name=re.compile("voronka$"))
    other = context.new_page()
    other.goto("/profile")
    _sign_in(other)
    other.wait_for_url(re.compile("/profile$"))
    page.get_by_role("button", name="Save").click()
    expect(page.locator("h1")).to_contain_text("Of an older seal")
    context.close()


def test_signing_out_wipes_what_was_typed_in_every_window(desk: Desk):
    context = _own(desk)
    one, other = context.new_page(), context.new_page()
    one.goto("/clients/new")
    _sign_in(one)
    one.wait_for_url(re.compile("/clients/new$"))
    one.fill("#field-name", "Of this window")
    other.goto("/contacts/new")
    other.fill("#field-name", "Of another window")
    assert (len(_kept(one)), len(_kept(other))) == (1, 1)
    one.goto("/profile")
    one.get_by_role("button", name="Sign out", exact=True).click()
    one.wait_for_url(re.compile("/sign-in"))
    assert _kept(one) == {}
    other.wait_for_function("!Object.keys(sessionStorage).some((each) => each.startsWith('draft|'))")
    context.close()


def test_what_somebody_else_typed_is_wiped_unseen(desk: Desk):
    page = desk.open("/clients/new")
    page.fill("#field-name", "Mine")
    (mine,) = _kept(page)
    theirs = re.sub(r"\|[^|]+\|", "|another-employee|", mine, count=1)
    page.evaluate("([mine, theirs]) => sessionStorage.setItem(theirs, sessionStorage.getItem(mine))", [mine, theirs])
    assert set(_kept(page)) == {mine, theirs}
    page.reload()
    expect(page.locator(".draft-notice")).to_have_count(1)
    assert set(_kept(page)) == {mine}

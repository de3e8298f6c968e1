"""Contact persons in Chromium: made by keys alone, beside their list, as cards on a phone (S1.15, S3.13, P23, #5)."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.desk import CLIENT, LANGUAGES, Desk, axe


def _company(page: Page, typed: str) -> str:
    """Choose the first company that is found for what is typed, by keys; return its name."""
    page.locator("#field-client_id").focus()
    page.keyboard.type(typed)
    option = page.locator("#field-client_id-list [role=option]").first
    expect(option).to_be_visible()
    name = option.get_attribute("data-shown")
    assert axe(page, ".combobox:has(#field-client_id)") == []
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.locator("#field-client_id")).to_have_value(name or "-")
    return name or "-"


def test_a_contact_is_created_by_keys_alone(desk: Desk):  # S3.13
    page = desk.open("/contacts")
    page.keyboard.press("c")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("/contacts/new$"))
    page.locator("#field-name").focus()
    page.keyboard.type("Євгенія Ґжицька")
    company = _company(page, "#7")
    page.locator("#field-phones").focus()
    page.keyboard.type("+380 50 555 07 07")
    page.keyboard.press("Enter")
    page.keyboard.type("+380 50 555 07 08")
    page.keyboard.press("Control+Enter")
    expect(page.locator("h1")).to_contain_text("Євгенія Ґжицька")
    expect(page.locator("main")).to_contain_text(company)
    expect(page.locator('main a[href="tel:+380505550708"]')).to_be_visible()
    page.keyboard.press("/")
    page.keyboard.type("555-07-08")
    expect(page.locator("#palette-list [role=option]").first).to_contain_text("Євгенія Ґжицька")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("/contacts/[^?]+$"))


def test_who_is_known_already_is_told_while_one_types(desk: Desk):
    desk.provoked = "422"
    page = desk.open("/contacts/new")
    page.locator("#field-name").fill("Somebody else")
    _company(page, "#8")
    page.locator("#field-phones").press_sequentially("044 555-01-23")
    told = page.locator(".similar")
    expect(told).to_contain_text("the phone matches")
    assert axe(page, "form.form") == []
    page.locator("#field-phones").fill("044 555-77-77")
    expect(told.locator(".notice")).to_have_count(0)
    page.locator("#field-email").press_sequentially("halyna@zorya.example")
    expect(told).to_contain_text("the email matches")
    page.locator("#field-name").press("Enter")  # is no answer to the question
    expect(page.locator(".similar")).to_be_focused()
    expect(page.locator("#field-name")).to_have_value("Somebody else")
    page.get_by_role("button", name="Create anyway").click()
    expect(page.locator("h1")).to_contain_text("Somebody else")


def test_a_client_that_is_known_already_is_told_too(desk: Desk):
    page = desk.open("/clients/new")
    page.locator("#field-phones").press_sequentially("044 555-01-23")
    expect(page.locator(".similar")).to_contain_text("the phone matches")
    page.locator(".similar").get_by_role("link", name="Open").click()
    expect(page.locator("h1")).to_contain_text("Ґалина Їжакевич")


def test_a_person_opens_beside_the_list_under_an_address_of_the_list(desk: Desk):
    page = desk.open("/contacts?sort=-number")
    first = page.locator("a.name-text").first
    name, address = first.inner_text(), first.get_attribute("href") or "-"
    first.click()
    panel = page.locator("#panel")
    expect(panel.locator("h2")).to_have_text(name)
    assert page.url.endswith(address)
    assert axe(page, "#panel") == []
    page.reload()
    expect(panel.locator("h2")).to_have_text(name)
    page.keyboard.press("Escape")
    expect(panel).to_be_hidden()
    first.click()
    expect(panel).to_be_visible()
    page.keyboard.press("Escape")
    expect(panel).to_be_hidden()
    assert page.url.endswith("/contacts?sort=-number")
    first.click()
    panel.get_by_label("Open as a page").click()
    expect(page.locator("h1")).to_contain_text(name)


def test_more_is_shown_by_a_link_and_back_returns(desk: Desk):
    page = desk.open("/contacts")
    before = page.locator("a.name-text").first.get_attribute("href")
    page.get_by_role("link", name="Show more").click()
    page.wait_for_url(re.compile("cursor="))
    assert page.locator("a.name-text").first.get_attribute("href") != before
    page.go_back()
    expect(page.locator("a.name-text").first).to_have_attribute("href", before or "-")


def test_a_persons_number_tells_what_it_is_made_of(desk: Desk):  # P3, X2
    page = desk.open("/contacts/person-2-0")
    number = page.locator('[popovertarget="why-sales_sum"]')
    number.click()
    expect(page.locator("#why-sales_sum .sum-total dd")).to_have_text(number.inner_text())


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("width", [360, 390])
def test_a_phone_shows_cards_and_no_sideways_scroll(desk: Desk, width: int, language: str):
    page = desk.open("/contacts", width=width, language=language, theme="dark")
    card = page.locator("tbody tr").first
    box = card.bounding_box()
    assert box is not None
    assert (box["x"] >= 0, box["x"] + box["width"] <= width) == (True, True)
    assert page.evaluate("document.querySelector('.table-scroll').scrollWidth") <= width
    cells = card.locator("td.number:visible")
    assert cells.count() == 3
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.locator(".bottom-entry").count() == 4
    assert axe(page) == []


def test_the_main_one_is_chosen_and_one_is_removed_on_the_clients_page(desk: Desk):  # P23
    page = desk.open(f"{CLIENT}?tab=contacts")
    main = page.locator(".people li").first
    expect(main).to_contain_text("main")
    other = page.locator(".people li").nth(1)
    address = other.locator(".person-who a").first.get_attribute("href")
    other.get_by_role("button", name=re.compile("^Make main: ")).click()
    page.wait_for_url(re.compile("after="))
    expect(main.locator(".person-who a").first).to_have_attribute("href", address or "-")
    expect(main.locator(".badge")).to_have_text("main")
    last = page.locator(".people li").last.locator(".person-who a").first
    gone = last.get_attribute("href") or "-"
    last.click()
    page.get_by_label("More actions").click()
    page.get_by_role("button", name="Remove the contact").click()
    dialog = page.locator("dialog[open]")
    assert axe(page, "dialog[open]") == []
    dialog.get_by_role("button", name="Remove").click()
    expect(page.locator("main")).to_contain_text("The contact is removed.")
    expect(page.locator(f'main a[href="{gone}"]:visible')).to_have_count(0)
    page.get_by_text("Removed contacts").click()
    expect(page.locator(f'details[open] a[href="{gone}"]')).to_be_visible()
    assert axe(page) == []
    page.get_by_role("button", name="Undo").click()
    expect(page.locator(f'main a[href="{gone}"]')).to_be_visible()
    expect(page.get_by_text("Removed contacts")).to_have_count(0)


def test_a_removed_one_says_so_and_is_restored_on_its_page(desk: Desk):  # P23
    page = desk.open("/contacts/person-7-0")
    page.get_by_label("More actions").click()
    page.get_by_role("button", name="Remove the contact").click()
    page.locator("dialog[open]").get_by_role("button", name="Remove").click()
    expect(page.locator("main")).to_contain_text("The contact is removed.")
    page.goto("/contacts/person-7-0")
    expect(page.locator("main")).to_contain_text("This contact was removed on")
    expect(page.locator("main")).to_contain_text("it is the main contact of the company again")
    assert axe(page) == []
    page.get_by_role("button", name="Restore").click()
    expect(page.locator("main")).not_to_contain_text("This contact was removed on")
    expect(page.locator(".facts")).to_contain_text("main contact")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_on_pages_of_contacts(desk: Desk, theme: str):
    for path in ("/contacts?panel=person-0-0", "/contacts/person-0-0", "/contacts/new", f"{CLIENT}?tab=contacts"):
        assert axe(desk.open(path, theme=theme)) == [], path


def test_a_refused_form_names_the_company(desk: Desk):
    desk.provoked = "422"
    page = desk.open("/contacts/new")
    page.locator("#field-name").fill("Typed & kept")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("[role=alert]")).to_be_focused()
    page.locator("[role=alert] a").click()
    expect(page.locator("#field-client_id")).to_be_focused()
    assert page.locator("#field-name").input_value() == "Typed & kept"
    assert axe(page) == []

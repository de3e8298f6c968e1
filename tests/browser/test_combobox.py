"""The choice among many by the keyboard alone, as WAI-ARIA describes an editable combobox with a list (#5)."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from tests.browser.desk import Desk


@pytest.fixture
def page(desk: Desk) -> Page:
    return desk.open("/ui")


def field(page: Page) -> Locator:
    return page.locator("#field-client")


def options(page: Page) -> Locator:
    return page.locator("#field-client-list [role=option]")


def chosen(page: Page) -> str:
    return page.locator('input[type=hidden][name="client"]').input_value()


def test_down_opens_and_enter_chooses(page: Page):
    field(page).press("ArrowDown")
    expect(field(page)).to_have_attribute("aria-expanded", "true")
    expect(field(page)).to_have_attribute("aria-activedescendant", "field-client-list-1")
    expect(options(page).first).to_have_attribute("aria-selected", "true")
    field(page).press("ArrowDown")
    expect(field(page)).to_have_attribute("aria-activedescendant", "field-client-list-2")
    field(page).press("Enter")
    expect(field(page)).to_have_attribute("aria-expanded", "false")
    expect(field(page)).to_have_value("Northwind Traders")
    assert chosen(page) == "1187"
    expect(field(page)).to_be_focused()
    assert "aria-activedescendant" not in field(page).evaluate("(e) => e.getAttributeNames()")


def test_up_opens_at_the_last_and_goes_round(page: Page):
    field(page).press("ArrowUp")
    expect(field(page)).to_have_attribute("aria-activedescendant", "field-client-list-8")
    field(page).press("ArrowDown")
    expect(field(page)).to_have_attribute("aria-activedescendant", "field-client-list-1")


def test_typing_asks_the_server_and_nothing_found_is_said(page: Page):
    field(page).press_sequentially("coff")
    expect(options(page)).to_have_count(1)
    expect(page.locator(".combobox:has(#field-client) [role=status]")).to_have_text("1")
    field(page).fill("zzz")
    expect(page.locator("#field-client-list")).to_have_text("Nothing found")
    expect(options(page)).to_have_count(0)
    field(page).press("Enter")
    assert chosen(page) == ""


def test_escape_closes_then_clears(page: Page):
    field(page).fill("north")
    options(page).first.wait_for()
    field(page).press("ArrowDown")
    field(page).press("Enter")
    field(page).press("ArrowDown")
    options(page).first.wait_for()
    field(page).press("Escape")
    expect(field(page)).to_have_attribute("aria-expanded", "false")
    assert chosen(page) == "1187"
    field(page).press("Escape")
    expect(field(page)).to_have_value("")
    assert chosen(page) == ""


def test_alt_down_opens_without_choosing_and_alt_up_closes(page: Page):
    field(page).press("Alt+ArrowDown")
    expect(field(page)).to_have_attribute("aria-expanded", "true")
    assert field(page).get_attribute("aria-activedescendant") is None
    field(page).press("Alt+ArrowUp")
    expect(field(page)).to_have_attribute("aria-expanded", "false")


def test_home_and_end_go_back_to_the_text(page: Page):
    field(page).fill("o")
    options(page).first.wait_for()
    field(page).press("ArrowDown")
    field(page).press("Home")
    assert field(page).get_attribute("aria-activedescendant") is None
    assert field(page).evaluate("(e) => e.selectionStart") == 0


def test_leaving_takes_what_is_marked_and_drops_what_was_only_typed(page: Page):
    field(page).fill("bright")
    options(page).first.wait_for()
    field(page).press("ArrowDown")
    field(page).press("Tab")
    expect(field(page)).to_have_value("Brightside Coffee")
    field(page).fill("something else")
    field(page).press("Tab")
    expect(field(page)).to_have_value("Brightside Coffee")
    assert chosen(page) == "4423"
    field(page).fill("")
    field(page).press("Tab")
    assert chosen(page) == ""


def test_a_pointer_can_choose_and_clear(page: Page):
    field(page).click()
    options(page).nth(4).click()
    assert chosen(page) == "4410"
    expect(field(page)).to_be_focused()
    page.locator(".combobox:has(#field-client) .combobox-clear").click()
    assert chosen(page) == ""


def test_a_failing_server_is_said(desk: Desk):
    desk.provoked = "status of 500"
    page = desk.open("/ui")
    page.route("**/ui/options*", lambda route: route.fulfill(status=500))
    field(page).press("ArrowDown")
    expect(page.locator("#field-client-list")).to_have_text("The list could not be loaded. Try again.")


def test_each_combobox_is_its_own(page: Page):
    expect(page.locator('input[type=hidden][name="owner"]')).to_have_value("2041")
    page.locator("#field-owner").press("ArrowDown")
    expect(page.locator("#field-owner-list [role=option]").first).to_have_id("field-owner-list-1")
    expect(page.locator("#field-client")).to_have_attribute("aria-expanded", "false")


def held(page: Page, text: str) -> list[Route]:
    """Hold the questions for this text; return those that were asked."""
    asked: list[Route] = []

    def hold(route: Route) -> None:
        asked.append(route)

    page.route(re.compile(rf"/ui/options\?q={text}&"), hold)
    return asked


def let_go(page: Page, asked: list[Route]) -> None:
    while not asked:
        page.wait_for_timeout(50)
    asked[-1].continue_()


def test_enter_waits_for_the_answer_to_what_was_typed(page: Page):
    asked = held(page, "coff")
    field(page).press("ArrowDown")
    expect(options(page)).to_have_count(8)
    field(page).fill("coff")
    field(page).press("Enter")
    assert chosen(page) == "", "what is marked was found for another text"
    assert field(page).input_value() == "coff"
    let_go(page, asked)
    expect(field(page)).to_have_value("Brightside Coffee")
    assert chosen(page) == "4423"
    expect(field(page)).to_have_attribute("aria-expanded", "false")


def test_enter_after_the_answer_means_the_same_and_typing_on_calls_it_off(page: Page):
    field(page).fill("bright")
    expect(options(page)).to_have_count(1)
    field(page).press("Enter")
    assert chosen(page) == "4423"
    held(page, "north")
    field(page).fill("north")
    field(page).press("Enter")
    field(page).fill("coff")
    expect(options(page)).to_have_count(1)
    expect(options(page)).to_contain_text("Brightside Coffee")
    expect(field(page)).to_have_value("coff")

"""Contacts of the list chosen by pointer and keys, removed at once and taken back, in Chromium (S1.15, ADR 0036)."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.desk import LANGUAGES, Desk, axe
from tests.browser.test_bulk import bar, boxes, checked

LIST = "/contacts?sort=-number"


def ask(page: Page) -> None:
    """Open the dialog of the removal."""
    bar(page).get_by_role("button", name="Remove").click()


def test_contacts_are_chosen_by_keys_removed_and_taken_back(desk: Desk):
    page = desk.open(LIST)
    names = page.locator("tbody a.name-text")
    shown = names.all_inner_texts()
    names.nth(1).focus()
    page.keyboard.press("Space")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Shift+Space")
    assert checked(page) == [1, 2, 3]
    expect(bar(page)).to_contain_text("3 selected")
    assert axe(page) == []
    bar(page).get_by_role("button", name="Remove").focus()
    page.keyboard.press("Enter")
    expect(page.locator("dialog[open]")).to_contain_text("For 3 contacts")
    assert axe(page, "dialog[open]") == []
    page.keyboard.press("Escape")
    expect(page.locator("dialog[open]")).to_have_count(0)
    assert checked(page) == [1, 2, 3], "the first Esc closes the dialog alone"
    page.keyboard.press("Enter")
    expect(page.locator("dialog[open]")).to_be_visible()
    page.locator("dialog[open]").get_by_role("button", name="Remove").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#bulk")).to_contain_text("3 contacts removed.")
    assert checked(page) == []
    assert names.all_inner_texts()[:2] == [shown[0], shown[4]]
    assert axe(page) == []
    page.locator("#bulk").get_by_role("button", name="Undo").click()
    expect(page.locator("#bulk")).to_contain_text("3 contacts are there again.")
    assert names.all_inner_texts() == shown
    page.locator("#bulk").get_by_role("button", name="Close the message").click()
    expect(page.locator("#bulk")).to_have_count(0)


def test_a_range_and_all_that_match_are_chosen_and_taken_out(desk: Desk):
    page = desk.open(LIST)
    boxes(page).nth(2).click()
    boxes(page).nth(4).click(modifiers=["Shift"])
    assert checked(page) == [2, 3, 4]
    bar(page).get_by_role("button", name="Export").click()
    page.wait_for_url(re.compile("/contacts/export"))
    expect(page.locator("main")).to_contain_text("Chosen in the list · Contacts: 3")
    page.go_back()
    page.get_by_label("Select all on this page").click()
    total = page.locator("h1 .quiet").inner_text()
    page.get_by_role("button", name=f"Select all {total} that match").click()
    expect(bar(page)).to_contain_text(f"{total} selected")
    ask(page)
    expect(page.locator("dialog[open]")).to_contain_text(f"For {total} contacts")
    page.keyboard.press("Escape")
    bar(page).get_by_role("button", name="Export").click()
    page.wait_for_url(re.compile("/contacts/export"))
    expect(page.locator("main")).to_contain_text(f"Contacts: {total}")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("width", [360, 390])
def test_check_boxes_are_of_use_on_a_phone(desk: Desk, width: int, language: str):
    page = desk.open(LIST, width=width, language=language, theme="dark")
    one = boxes(page).first
    box, card = one.bounding_box(), page.locator("tbody tr").first.bounding_box()
    assert box is not None
    assert card is not None
    assert min(box["width"], box["height"]) >= 24, "large enough for a finger"
    assert card["x"] <= box["x"]
    assert box["x"] + box["width"] <= card["x"] + card["width"]
    one.click()
    assert checked(page) == [0]
    page.locator(".pick-all").click()
    assert len(checked(page)) == boxes(page).count()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    for button in bar(page).get_by_role("button").all():
        expect(button).to_be_in_viewport(ratio=1)
    assert axe(page) == []
    bar(page).locator('[data-opens="bulk-remove"]').click()
    expect(page.locator("dialog[open] .btn-danger")).to_be_in_viewport(ratio=1)
    assert axe(page, "dialog[open]") == []

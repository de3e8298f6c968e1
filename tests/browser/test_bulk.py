"""Rows of the table chosen by pointer and keys, changed at once and taken back, in Chromium (#5, ADR 0032)."""

from __future__ import annotations

import re
from uuid import uuid4

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.desk import Desk, axe

TABLE = "/clients?view=table&sort=name"


def bar(page: Page) -> Locator:
    return page.locator(".selection")


def boxes(page: Page) -> Locator:
    return page.locator("tbody [data-pick]")


def checked(page: Page) -> list[int]:
    """The places of the rows that are chosen."""
    states = boxes(page).evaluate_all("all => all.map((box) => box.checked)")
    return [place for place, each in enumerate(states) if each]


def tag(page: Page, text: str) -> None:
    """Give the chosen rows a tag, in the dialog."""
    bar(page).get_by_role("button", name="Tag").click()
    dialog = page.locator("dialog[open]")
    dialog.locator("input[name=value]").fill(text)
    page.keyboard.press("Enter")
    expect(page.locator("#bulk")).to_contain_text(f"Tag added: {text}")


def test_rows_are_chosen_by_pointer_alone_in_a_range_and_all(desk: Desk):
    page = desk.open(TABLE)
    expect(bar(page)).to_be_hidden()
    boxes(page).nth(2).click()
    expect(bar(page)).to_contain_text("1 selected")
    boxes(page).nth(5).click(modifiers=["Shift"])
    assert checked(page) == [2, 3, 4, 5]
    expect(bar(page)).to_contain_text("4 selected")
    assert page.locator("[data-pick-all]").evaluate("box => box.indeterminate")
    boxes(page).nth(3).click(modifiers=["Shift"])
    assert checked(page) == [2], "a range becomes what its last row is"
    page.get_by_label("Select all on this page").click()
    assert len(checked(page)) == boxes(page).count() == 50
    bar(page).get_by_role("button", name="Clear the selection").click()
    assert checked(page) == []
    expect(bar(page)).to_be_hidden()
    expect(page.locator("[data-pick-all]")).to_be_focused()


def test_rows_are_chosen_by_keys_alone(desk: Desk):
    page = desk.open(TABLE)
    names = page.locator("tbody .name-text")
    names.nth(1).focus()
    page.keyboard.press("Space")
    assert checked(page) == [1]
    expect(names.nth(1)).to_be_focused()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Shift+Space")
    assert checked(page) == [1, 2, 3]
    boxes(page).nth(6).focus()
    page.keyboard.press("Shift+Space")
    assert checked(page) == [1, 2, 3, 4, 5, 6]
    page.keyboard.press("Space")
    assert checked(page) == [1, 2, 3, 4, 5]
    bar(page).get_by_role("button", name="Archive").click()
    expect(page.locator("dialog[open]")).to_contain_text("For 5 clients")
    page.keyboard.press("Escape")
    expect(page.locator("dialog[open]")).to_have_count(0)
    assert checked(page) == [1, 2, 3, 4, 5], "the first Esc closes the dialog alone"
    page.keyboard.press("Escape")
    assert checked(page) == []


def test_chosen_rows_get_a_tag_and_lose_it_by_undo(desk: Desk):
    page = desk.open(TABLE)
    word = f"tag {uuid4().hex[:8]}"
    boxes(page).nth(0).click()
    boxes(page).nth(1).click(modifiers=["Shift"])
    tag(page, word)
    expect(page.locator("#bulk")).to_contain_text("2 clients changed.")
    assert checked(page) == []
    assert axe(page) == []
    page.goto(f"/clients?view=table&tag={word}")
    expect(page.locator("tbody tr")).to_have_count(2)
    page.locator("#bulk").get_by_role("button", name="Undo").click()
    expect(page.locator("#bulk")).to_contain_text("2 clients are as before.")
    expect(page.locator(".state-title")).to_contain_text(word)
    page.locator("#bulk").get_by_role("button", name="Close the message").click()
    expect(page.locator("#bulk")).to_have_count(0)


def test_all_that_match_are_chosen_beyond_the_page(desk: Desk):
    page = desk.open(TABLE)
    total = page.locator("#found .quiet").inner_text()
    assert int(total) > 50
    page.get_by_label("Select all on this page").click()
    expect(bar(page)).to_contain_text("50 selected")
    page.get_by_role("button", name=f"Select all {total} that match").click()
    expect(bar(page)).to_contain_text(f"{total} selected")
    boxes(page).nth(0).click()
    expect(bar(page)).to_contain_text("49 selected")
    boxes(page).nth(0).click()
    page.get_by_role("button", name=f"Select all {total} that match").click()
    word = f"all {uuid4().hex[:8]}"
    bar(page).get_by_role("button", name="Tag").click()
    expect(page.locator("dialog[open]")).to_contain_text(f"For {total} clients")
    page.locator("dialog[open] input[name=value]").fill(word)
    page.locator("dialog[open]").get_by_role("button", name="Apply").click()
    expect(page.locator("#bulk")).to_contain_text(f"{total} clients changed.")
    page.locator("#bulk").get_by_role("button", name="Undo").click()
    expect(page.locator("#bulk")).to_contain_text(f"{total} clients are as before.")


def test_rows_stay_as_they_are_while_some_are_chosen(desk: Desk):
    mine, theirs = desk.open(TABLE), desk.open(TABLE)
    row = mine.locator("tbody tr").nth(0)
    before = row.inner_text()
    boxes(mine).nth(4).click()
    theirs.goto(f"{theirs.locator('tbody .name-text').nth(0).get_attribute('href')}/edit")
    old = theirs.get_by_label("Name").input_value()
    theirs.get_by_label("Name").fill(f"{old} *")
    theirs.keyboard.press("Control+Enter")
    expect(theirs.locator("h1")).to_contain_text(f"{old} *")
    mine.wait_for_timeout(1_500)
    assert row.inner_text() == before
    mine.evaluate("document.activeElement.blur()")
    mine.keyboard.press("Escape")
    expect(row).to_contain_text(f"{old} *")
    theirs.goto(f"{theirs.url.split('?')[0]}/edit")
    theirs.get_by_label("Name").fill(old)
    theirs.keyboard.press("Control+Enter")
    expect(theirs.locator("h1")).not_to_contain_text("*")


@pytest.mark.parametrize("language", ["en", "uk", "ru"])
def test_the_bar_is_of_use_on_a_phone(desk: Desk, language: str):
    page = desk.open(TABLE, width=390, language=language, theme="dark")
    page.locator("[data-pick-all]").click()
    expect(bar(page)).to_be_visible()
    own, below = bar(page).bounding_box(), page.locator(".bottom-bar").bounding_box()
    assert own is not None
    assert below is not None
    assert own["y"] > 0
    assert own["x"] >= 0
    assert own["x"] + own["width"] <= 390
    assert own["y"] + own["height"] <= below["y"]
    for button in bar(page).get_by_role("button").all():
        expect(button).to_be_in_viewport(ratio=1)
    assert axe(page) == []
    bar(page).locator('[data-opens="bulk-tag"]').click()
    expect(page.locator("dialog[open] input[name=value]")).to_be_in_viewport(ratio=1)
    assert axe(page, "dialog[open]") == []


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("name", ["Owner", "Temperature", "Tag", "Archive"])
def test_axe_finds_nothing_in_the_dialogs(desk: Desk, name: str, theme: str):
    page = desk.open(TABLE, theme=theme)
    boxes(page).nth(0).click()
    bar(page).get_by_role("button", name=name).click()
    expect(page.locator("dialog[open]")).to_contain_text(re.compile("For 1 client$", re.MULTILINE))
    assert axe(page) == []

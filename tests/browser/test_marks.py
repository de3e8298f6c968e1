"""Status and temperature chosen beside the name, in Chromium: by pointer and keys, undone, two at once (S3.16, #5)."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.desk import CLIENT, Desk, axe


def _set(page: Page, field: str, label: str) -> None:
    page.locator(f"#mark-{field}").click()
    page.locator(f"#set-{field}").get_by_role("button", name=label, exact=True).click()
    expect(page.locator(f"#mark-{field}")).to_contain_text(label)


def test_a_temperature_is_chosen_by_keys_and_undone(desk: Desk):  # S3.17
    page = desk.open(CLIENT)
    _set(page, "temperature", "Cold")
    expect(page.locator("#mark-temperature")).to_be_focused()
    mark = page.locator("#mark-temperature")
    mark.press("Enter")
    expect(page.locator("#set-temperature")).to_be_visible()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(mark).to_contain_text("Hot")
    expect(mark).to_be_focused()
    told = page.locator(".toast-line", has_text="Temperature: Hot")
    expect(told).to_be_visible()
    assert axe(page, "#toasts") == []
    told.get_by_role("button", name="Undo").click()
    expect(mark).to_contain_text("Cold")
    expect(page.locator(".toast-line", has_text="Temperature: Hot")).to_have_count(0)
    page.reload()
    expect(mark).to_contain_text("Cold")


def test_escape_chooses_nothing(desk: Desk):
    page = desk.open(CLIENT)
    before = page.locator("#mark-status").inner_text()
    page.locator("#mark-status").press("Enter")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Escape")
    expect(page.locator("#set-status")).to_be_hidden()
    assert page.locator("#mark-status").inner_text() == before


def test_what_another_one_chooses_shows_and_nothing_changes_under_an_open_menu(desk: Desk):
    mine, theirs = desk.open(CLIENT), desk.open(CLIENT)
    _set(mine, "temperature", "Warm")
    expect(theirs.locator("#mark-temperature")).to_contain_text("Warm")
    theirs.locator("#mark-temperature").click()
    _set(mine, "temperature", "Cold")
    theirs.wait_for_timeout(1_500)
    expect(theirs.locator("#set-temperature")).to_be_visible()
    expect(theirs.locator("#mark-temperature")).to_contain_text("Warm")
    desk.provoked = "422"
    theirs.locator("#set-temperature").get_by_role("button", name="Hot", exact=True).click()
    expect(theirs.locator(".toast-bad")).to_contain_text("Somebody else changed this meanwhile")
    expect(theirs.locator("#mark-temperature")).to_contain_text("Cold")


@pytest.mark.parametrize(("width", "theme"), [(390, "dark"), (1440, "light")])
def test_the_open_menu_fits_and_axe_finds_nothing(desk: Desk, width: int, theme: str):
    page = desk.open(CLIENT, width=width, theme=theme, language="uk")
    page.locator("#mark-temperature").click()
    box = page.locator("#set-temperature").bounding_box()
    assert box is not None
    assert (box["x"] >= 0, box["x"] + box["width"] <= width) == (True, True)
    assert axe(page, "main") == []

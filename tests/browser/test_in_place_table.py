"""Cells of the table of clients edited where they stand, in Chromium: by pointer and by keys, two at once (#5)."""

from __future__ import annotations

from uuid import uuid4

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.desk import LANGUAGES, Desk, axe

TABLE = "/clients?view=table&sort=name"


def row(page: Page, nth: int) -> Locator:
    """The nth row, found by its client whatever it is called meanwhile."""
    id = page.locator("tbody tr").nth(nth).get_attribute("id")
    return page.locator(f'[id="{id}"]')


def cell(of: Locator, field: str) -> Locator:
    return of.locator(f'[data-cell="{field}"]')


def test_a_name_is_edited_by_f2_saved_by_enter_and_undone(desk: Desk):
    page = desk.open(TABLE)
    at = row(page, 3)
    name = cell(at, "name")
    link = name.get_by_role("link")
    before, wanted = link.inner_text(), f"Ґудзик {uuid4().hex[:6]}"
    link.focus()
    page.keyboard.press("F2")
    field = name.get_by_role("textbox", name="Name")
    expect(field).to_be_focused()
    expect(field).to_have_value(before)
    field.fill(wanted)
    page.keyboard.press("Enter")
    expect(link).to_have_text(wanted)
    expect(link).to_be_focused()
    assert page.url.endswith(TABLE), "nothing was opened"
    page.locator(".toast-line", has_text=f"Name: {wanted}").get_by_role("button", name="Undo").click()
    expect(link).to_have_text(before)


def test_a_click_on_a_name_opens_the_client_and_its_pencil_edits_it(desk: Desk):
    page = desk.open(TABLE)
    name = cell(row(page, 2), "name")
    expect(name.locator("[data-in-place]")).to_have_count(0)
    name.hover()
    name.get_by_role("button", name="Edit: Name").click()
    expect(name.get_by_role("textbox")).to_be_focused()
    expect(page.locator("[data-passing]")).to_have_count(0)
    page.keyboard.press("Escape")
    expect(name.get_by_role("link")).to_be_focused()
    name.get_by_role("link").click()
    expect(page.locator("#panel h2")).to_be_visible()


def test_what_is_chosen_by_pointer_is_saved_at_once_and_undone(desk: Desk):
    page = desk.open(TABLE)
    status = cell(row(page, 5), "status")
    before = status.inner_text().strip()
    other = {"Current": "Potential", "Potential": "Current"}[before]
    status.click()
    status.get_by_role("combobox", name="Status").select_option(label=other)
    expect(status.locator(".badge")).to_have_text(other)
    expect(status.locator("form")).to_have_count(0)
    page.locator(".toast-line", has_text=f"Status: {other}").get_by_role("button", name="Undo").click()
    expect(status.locator(".badge")).to_have_text(before)


def test_by_keys_one_goes_through_cells_and_chooses_with_enter(desk: Desk):
    page = desk.open(TABLE)
    first, second = row(page, 0), row(page, 1)
    cell(first, "name").get_by_role("link").focus()
    page.keyboard.press("ArrowRight")
    expect(cell(first, "status")).to_be_focused()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    at = cell(second, "temperature")
    expect(at).to_be_focused()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    expect(cell(second, "name").get_by_role("link")).to_be_focused()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("F2")
    chosen = at.get_by_role("combobox", name="Temperature")
    expect(chosen).to_be_focused()
    before = chosen.input_value()
    page.keyboard.press("Home")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    expect(chosen).to_have_value("warm")
    page.keyboard.press("Enter")
    expect(at.locator(".badge")).to_have_text("Warm")
    expect(at).to_be_focused()
    if before != "warm":
        page.locator(".toast-line", has_text="Temperature: Warm").get_by_role("button", name="Undo").click()
        expect(at).not_to_contain_text("Warm")


def test_a_wrong_value_is_told_at_the_cell_and_escape_leaves_what_was(desk: Desk):
    desk.provoked = "422"
    page = desk.open(TABLE)
    name = cell(row(page, 4), "name")
    before = name.get_by_role("link").inner_text()
    name.get_by_role("link").focus()
    page.keyboard.press("F2")
    field = name.get_by_role("textbox")
    field.fill("")
    page.keyboard.press("Enter")
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(field).to_be_focused()
    expect(name.locator(".field-error")).to_be_visible()
    assert axe(page, "main") == []
    page.keyboard.press("Escape")
    expect(name.locator("form")).to_have_count(0)
    expect(name.get_by_role("link")).to_have_text(before)


def rename(page: Page, address: str, name: str) -> None:
    """Give a client another name on its page."""
    page.goto(address)
    page.get_by_role("button", name="Edit: Name").focus()
    page.keyboard.press("Enter")
    page.locator("#fact-name-value").fill(name)
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_contain_text(name)


def test_a_cell_that_one_edits_stays_while_others_change_it(desk: Desk):
    desk.provoked = "422"
    mine, theirs, watching = desk.open(TABLE), desk.open(TABLE), desk.open(TABLE)
    name = cell(row(mine, 6), "name")
    seen = cell(row(watching, 6), "name").get_by_role("link")
    link = name.get_by_role("link")
    before, address = link.inner_text(), link.get_attribute("href") or ""
    link.focus()
    mine.keyboard.press("F2")
    name.get_by_role("textbox").fill("half a wor")
    mine.locator("h1").click()  # the focus is elsewhere, the form is still open
    wanted, said = f"{before} {uuid4().hex[:6]}", f"{before} {uuid4().hex[:6]}"  # the page of the table keeps them
    rename(theirs, address, wanted)
    expect(seen).to_have_text(wanted)
    mine.wait_for_timeout(1_500)
    expect(name.get_by_role("textbox")).to_have_value("half a wor")
    expect(link).to_have_text(before)
    name.get_by_role("textbox").fill(said)
    mine.keyboard.press("Enter")
    expect(name.locator(".field-error")).to_contain_text(f"Somebody else saved “{wanted}” meanwhile")
    expect(name.get_by_role("textbox")).to_have_value(said)
    expect(link).to_have_text(wanted)
    mine.keyboard.press("Enter")
    expect(link).to_have_text(said)
    expect(theirs.locator("h1")).to_contain_text(said)
    rename(theirs, address, before)
    expect(link).to_have_text(before)


def test_a_pencil_that_came_is_no_change_of_its_row(desk: Desk):
    mine, theirs = desk.open(TABLE), desk.open(TABLE)
    watched, changed = row(mine, 8), row(mine, 9)
    cell(watched, "owner_id").hover()
    expect(watched.get_by_role("button", name="Edit: Owner")).to_be_visible()
    watched.evaluate("row => (row.watched = true)")
    link = cell(changed, "name").get_by_role("link")
    before, address = link.inner_text(), link.get_attribute("href") or ""
    wanted = f"{before} {uuid4().hex[:6]}"
    rename(theirs, address, wanted)
    expect(link).to_have_text(wanted)
    assert watched.evaluate("row => row.watched"), "the row is the one that was there"
    rename(theirs, address, before)
    expect(link).to_have_text(before)


def test_on_a_phone_the_table_is_read_only(desk: Desk):
    page = desk.open(TABLE, width=390)
    status = cell(row(page, 0), "status")
    status.click()
    page.wait_for_timeout(500)
    expect(page.locator("[data-in-place], [data-in-place-form]")).to_have_count(0)
    cell(row(page, 0), "name").get_by_role("link").focus()
    page.keyboard.press("F2")
    expect(page.locator("[data-in-place], [data-in-place-form]")).to_have_count(0)


@pytest.mark.parametrize(("width", "language"), list(zip((820, 1440, 1440), LANGUAGES, strict=True)))
def test_the_small_form_of_a_cell_moves_nothing_and_axe_finds_nothing(desk: Desk, width: int, language: str):
    page = desk.open(TABLE, width=width, language=language, theme="dark")
    at = row(page, 1)
    for field in ("name", "owner_id"):
        held = cell(at, field)
        before = held.bounding_box()
        (held.get_by_role("link") if field == "name" else held).focus()
        page.keyboard.press("F2")
        expect(held.locator("[name=value]")).to_be_focused()
        assert held.bounding_box() == before
        assert axe(page, "main") == []
        box, around = held.locator("form").bounding_box(), page.locator(".table-scroll").bounding_box()
        assert box is not None
        assert around is not None
        assert box["x"] >= around["x"]
        page.keyboard.press("Escape")
    assert page.evaluate("document.documentElement.scrollWidth") <= width

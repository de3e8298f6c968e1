"""@ in a note by the keyboard alone, and the bell of who is mentioned, in two browsers (#5)."""

from __future__ import annotations

from uuid import uuid4

from playwright.sync_api import Page, expect

from tests.browser.desk import CLIENT, Desk, axe
from tests.browser.served import COLLEAGUE

FIELD = "#new-note"


def offered(page: Page) -> list[str]:
    page.locator(f"{FIELD}-mentions [role=option]").first.wait_for()
    return page.locator(f"{FIELD}-mentions .combobox-label").all_inner_texts()


def count(page: Page) -> int:
    """How many are unread, as the bell says when its list is there."""
    page.locator("#news [data-unread]").wait_for(state="attached")
    return int(page.locator("#news [data-unread]").get_attribute("data-unread") or "")


def told(page: Page, number: int) -> None:
    """Wait until the bell says so many."""
    expect(page.locator("#news [data-unread]")).to_have_attribute("data-unread", str(number))


def test_at_offers_colleagues_and_the_keyboard_takes_one(desk: Desk):
    page = desk.open(CLIENT)
    field, listed = page.locator(FIELD), page.locator(f"{FIELD}-mentions")
    field.press_sequentially("mail x@y, ask @")
    assert offered(page) == ["Марко Ґудзенко"]
    expect(field).to_have_attribute("aria-activedescendant", "new-note-mentions-1")
    assert axe(page, "#main") == []
    field.press("Escape")
    expect(listed).to_be_hidden()
    field.press_sequentially("ґуд")
    assert offered(page) == ["Марко Ґудзенко"]
    field.press("ArrowDown")
    field.press("Enter")
    expect(field).to_have_value("mail x@y, ask @Марко Ґудзенко ")
    said = page.locator(".add-note input[name=mentions]")
    assert (said.input_value().split(":")[0], listed.is_hidden()) == ("1", True)
    field.press_sequentially("or @мар")
    offered(page)
    field.press("Tab")
    expect(field).to_be_focused()
    field.press("Home")
    field.press_sequentially("@ ")
    assert [mark.split(":")[0] for mark in said.input_value().split()] == ["2", "3"], "signs before move them"
    page.reload()
    expect(field).to_have_value("@ mail x@y, ask @Марко Ґудзенко or @Марко Ґудзенко ")
    assert len(said.input_value().split()) == 2, "the draft keeps whom it means"
    field.evaluate("(e) => e.setSelectionRange(20, 21)")
    field.press("Delete")
    page.locator(".add-note button[type=submit]").click()
    note = page.locator(".note-item", has_text="@ mail x@y")
    expect(note.locator(".note-mention")).to_have_text(["@Марко Ґудзенко"])  # the other name is whole no more


def test_who_is_mentioned_hears_of_it_at_once_and_opens_it(desk: Desk):
    theirs = desk.open(CLIENT)
    mine = desk.open("/employees", who=COLLEAGUE)
    before, text = count(mine), uuid4().hex
    theirs.fill(FIELD, f"{text} @мар")
    theirs.locator(FIELD).press("End")
    theirs.locator(FIELD).press_sequentially("к")
    offered(theirs)
    theirs.keyboard.press("Enter")
    theirs.locator(".add-note button[type=submit]").click()
    expect(theirs.locator(".note-text").first).to_contain_text(text)
    told(mine, before + 1)
    bell = mine.locator("#bell")
    expect(bell.locator(".bell-count")).to_have_text(str(before + 1))
    bell.focus()
    mine.keyboard.press("Enter")
    entry = mine.locator("#news .news-entry").first
    expect(entry).to_contain_text("Olena Petrenko mentioned you")
    expect(entry).to_contain_text(text)
    assert axe(mine, "#news") == []
    entry.click()
    expect(mine.locator(".note-item:target")).to_contain_text(text)
    told(mine, before)


def test_all_are_read_by_one_click_and_that_is_taken_back(desk: Desk):
    page = desk.open("/clients")
    before = count(page)
    assert before >= 2
    page.locator("#bell").click()
    page.get_by_role("button", name="Mark all as read").click()
    told(page, 0)
    expect(page.locator("#bell .bell-count")).to_be_hidden()
    page.locator("#news").get_by_role("button", name="Undo").click()
    told(page, before)
    expect(page.locator("#bell .bell-count")).to_have_text(str(before))

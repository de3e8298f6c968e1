"""Fields edited where they stand on the client's page, in Chromium: by pointer and by keys (S3.12, #5)."""

from __future__ import annotations

from uuid import uuid4

import pytest
from playwright.sync_api import expect

from tests.browser.desk import CLIENT, LANGUAGES, Desk, axe


def test_a_value_is_edited_by_keys_saved_by_enter_and_undone(desk: Desk):
    page = desk.open(CLIENT)
    line, source = page.locator("#fact-source"), f"Fair {uuid4().hex[:6]}"
    before = line.locator(".in-place-value").inner_text()
    pencil = line.get_by_role("button", name="Edit: Source")
    pencil.focus()
    expect(pencil).to_have_css("opacity", "1")
    page.keyboard.press("Enter")
    field = page.locator("#fact-source-value")
    expect(field).to_be_focused()
    field.fill(source)
    page.keyboard.press("Enter")
    expect(line.locator(".in-place-value")).to_have_text(source)
    expect(pencil).to_be_focused()
    told = page.locator(".toast-line", has_text=f"Source: {source}")
    told.get_by_role("button", name="Undo").click()
    expect(line.locator(".in-place-value")).to_have_text(before)


def test_the_name_at_the_head_is_edited_and_shown_to_others(desk: Desk):
    page, other = desk.open(CLIENT), desk.open(CLIENT)
    head = page.locator("#fact-name")
    name, wanted = other.locator("#fact-name h1"), f"Ґанок {uuid4().hex[:6]}"
    before = head.locator("h1").inner_text().rpartition(" #")[0]
    head.get_by_role("button", name="Edit: Name").click()
    field = page.get_by_role("textbox", name="Name", exact=True)
    expect(field).to_be_focused()
    expect(field).to_have_value(before)
    assert axe(page, "main") == []
    field.fill(wanted)
    page.keyboard.press("Enter")
    expect(head.locator("h1")).to_contain_text(wanted)
    expect(head.get_by_role("button", name="Edit: Name")).to_be_focused()
    expect(name).to_contain_text(wanted)
    expect(other.locator(".client-head .avatar-mark")).to_have_text(f"Ґ{wanted.split()[1][:1]}")
    page.locator(".toast-line", has_text=f"Name: {wanted}").get_by_role("button", name="Undo").click()
    expect(head.locator("h1")).to_contain_text(before)


def test_the_address_is_edited_where_it_stands(desk: Desk):
    page = desk.open(CLIENT)
    line, street = page.locator("#fact-address"), f"{uuid4().hex[:6]} Main Street"
    line.locator(".in-place-value").click()
    page.locator("#fact-address-value").fill(street)
    page.keyboard.press("Enter")
    expect(line.locator(".in-place-value")).to_have_text(street)
    page.locator(".toast-line", has_text=f"Address: {street}").get_by_role("button", name="Undo").click()
    expect(line).not_to_contain_text(street)


def test_escape_leaves_the_value_and_gives_the_focus_back(desk: Desk):
    page = desk.open(CLIENT)
    line = page.locator("#fact-discount")
    before = line.locator(".in-place-value").inner_text()
    line.locator(".in-place-value").click()
    field = page.locator("#fact-discount-value")
    field.fill("33")
    page.keyboard.press("Escape")
    expect(line.locator(".in-place-value")).to_have_text(before)
    expect(line.get_by_role("button")).to_be_focused()
    page.keyboard.press("Enter")
    expect(field).not_to_have_value("33")
    line.get_by_role("button", name="Cancel").click()
    expect(line.locator(".in-place-value")).to_have_text(before)


def test_a_wrong_value_is_told_in_its_place(desk: Desk):
    desk.provoked = "422"
    page = desk.open(CLIENT)
    page.locator("#fact-discount .in-place-value").click()
    page.locator("#fact-discount-value").fill("140")
    page.keyboard.press("Enter")
    field = page.locator("#fact-discount-value")
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(field).to_be_focused()
    expect(field).to_have_value("140")
    assert axe(page, "main") == []


def test_what_others_change_waits_until_the_small_form_is_closed(desk: Desk):
    mine, theirs = desk.open(CLIENT), desk.open(CLIENT)
    mine.locator("#fact-source .in-place-value").click()
    mine.locator("#fact-source-value").fill("half a wor")
    mine.locator("h1").click()  # the focus is elsewhere, the form is still open
    email = f"{uuid4().hex}@example.com"
    theirs.get_by_role("button", name="Edit: Email").focus()
    theirs.keyboard.press("Enter")
    theirs.locator("#fact-email-value").fill(email)
    theirs.keyboard.press("Enter")
    expect(theirs.locator("#fact-email")).to_contain_text(email)
    mine.wait_for_timeout(1_500)
    expect(mine.locator("#fact-source-value")).to_have_value("half a wor")
    mine.get_by_role("button", name="Cancel").click()
    mine.evaluate("document.activeElement.blur()")
    expect(mine.locator("#fact-email")).to_contain_text(email)


@pytest.mark.parametrize(("width", "language"), list(zip((390, 820, 1440), LANGUAGES, strict=True)))
def test_the_small_form_fits_and_axe_finds_nothing(desk: Desk, width: int, language: str):
    page = desk.open(CLIENT, width=width, language=language, theme="dark")
    for field in ("phones", "owner_id"):
        page.locator(f"#fact-{field} [data-in-place]").focus()
        page.keyboard.press("Enter")
        expect(page.locator(f"#fact-{field}-value")).to_be_focused()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert axe(page, "main") == []

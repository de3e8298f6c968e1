"""Erasing with a typed confirmation, in Chromium: the button waits for the name or number (X10, #5)."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.browser.desk import Desk, axe


def test_the_button_waits_for_what_is_to_be_typed(desk: Desk):  # X10
    page = desk.open("/clients/new")
    page.fill("#field-name", "To Be Erased")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("h1")).to_contain_text("To Be Erased")
    page.get_by_label("More actions").click()
    page.get_by_role("link", name="Erase the client").click()
    button, field = page.get_by_role("button", name="Erase for good"), page.locator("#field-typed")
    expect(button).to_be_disabled()
    assert axe(page, "main") == []
    field.fill("To Be")
    field.press("Enter")
    expect(button).to_be_disabled()
    assert page.url.endswith("/erase")
    field.fill("to be  erased")
    expect(button).to_be_enabled()
    field.press("Enter")
    page.wait_for_url(re.compile("after="))
    expect(page.locator("h1")).to_contain_text("erased")
    expect(page.locator("main")).to_contain_text("The personal data of this client was erased")
    assert axe(page) == []

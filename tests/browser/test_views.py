"""Saved views of the list of clients by clicking, in Chromium: saved, changed, renamed, removed, restored (#5)."""

from __future__ import annotations

import re
from uuid import uuid4

import pytest
from playwright.sync_api import Page, expect

from tests.browser.desk import Desk, axe
from tests.browser.served import VIEW

NOW = f"/clients?temperature=warm&view=table&saved={VIEW}"


def tab(page: Page, name: str):
    return page.get_by_role("navigation", name="Saved views").get_by_role("link", name=name, exact=True)


def test_a_view_is_saved_opened_changed_and_removed(desk: Desk):
    page = desk.open("/clients?status=potential&view=table")
    name = f"View {uuid4().hex[:6]}"
    page.get_by_role("button", name="Save as a view").click()
    dialog = page.locator("dialog[open]")
    dialog.locator("input[name=name]").fill(name)
    dialog.get_by_label("Everybody").check()
    assert axe(page, "dialog[open]") == []
    page.keyboard.press("Enter")
    expect(tab(page, name)).to_have_attribute("aria-current", "page")
    page.goto("/clients")
    expect(tab(page, "All clients")).to_have_attribute("aria-current", "page")
    tab(page, name).click()
    page.wait_for_url(re.compile("status=potential"))

    page.get_by_role("navigation", name="Status").get_by_role("link", name="Current").click()
    page.wait_for_url(re.compile("status=current"))
    expect(tab(page, name)).to_have_attribute("aria-current", "page")
    expect(page.get_by_text("Changed", exact=True)).to_be_visible()
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("Changed", exact=True)).to_have_count(0)
    page.goto("/clients")
    tab(page, name).click()
    page.wait_for_url(re.compile("status=current"))

    page.get_by_role("button", name="Actions on the view").click()
    page.get_by_role("button", name="Rename or share").click()
    dialog.locator("input[name=name]").fill(f"{name} *")
    page.keyboard.press("Enter")
    expect(tab(page, f"{name} *")).to_be_visible()
    page.get_by_role("button", name="Actions on the view").click()
    page.get_by_role("button", name="Remove the view").click()
    expect(page.locator(".view-removed")).to_contain_text(f"The view “{name} *” was removed.")
    expect(tab(page, f"{name} *")).to_have_count(0)
    page.locator(".view-removed").get_by_role("button", name="Undo").click()
    expect(tab(page, f"{name} *")).to_have_attribute("aria-current", "page")
    page.get_by_role("button", name="Actions on the view").click()
    page.get_by_role("button", name="Remove the view").click()
    expect(page.locator(".view-removed")).to_be_visible()


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1440])
def test_axe_finds_nothing_at_a_view_that_was_changed(desk: Desk, width: int, theme: str):
    page = desk.open(NOW, width=width, theme=theme)
    expect(page.get_by_role("button", name="Save", exact=True)).to_be_in_viewport(ratio=1)
    assert axe(page) == []
    page.get_by_role("button", name="Actions on the view").click()
    expect(page.locator("#view-acts")).to_be_in_viewport(ratio=1)
    assert axe(page) == []

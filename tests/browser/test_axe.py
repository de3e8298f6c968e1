"""axe finds nothing on any page, in either theme, on a phone and at a desk (#5)."""

from __future__ import annotations

import pytest

from tests.browser.desk import Desk, axe


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1440])
@pytest.mark.parametrize("path", ["/", "/ui", "/ui?panel=2041"])
def test_axe_finds_nothing(desk: Desk, path: str, width: int, theme: str):
    assert axe(desk.open(path, width=width, theme=theme)) == []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_in_what_opens(desk: Desk, theme: str):
    page = desk.open("/ui", theme=theme)
    for name in ("look", "news", "create"):
        page.locator(f'[popovertarget="{name}"]').click()
        assert axe(page, f"#{name}") == []
        page.keyboard.press("Escape")
    page.locator('[popovertarget="why-2041"]').click()
    assert axe(page, "#why-2041") == []
    page.keyboard.press("Escape")
    page.locator('main [data-opens="sure"]:visible').first.click()
    assert axe(page, "#sure") == []
    page.keyboard.press("Escape")
    page.locator('[data-toast="bad"]').click()
    assert axe(page, "#toasts") == []
    page.keyboard.press("/")
    page.locator("#palette-list [role=option]").first.wait_for()
    assert axe(page, "#palette") == []
    page.keyboard.press("Escape")
    field = page.locator("#field-client")
    field.press("ArrowDown")
    page.locator("#field-client-list [role=option]").first.wait_for()
    assert axe(page, ".combobox:has(#field-client)") == []
    page.locator("[data-pick]").first.click()
    assert axe(page, ".selection") == []


def test_axe_finds_nothing_in_the_menu_of_a_phone(desk: Desk):
    page = desk.open("/ui", width=390)
    page.locator(".menu-open").click()
    assert axe(page, "#menu") == []


def test_axe_finds_what_is_planted(desk: Desk):
    page = desk.open("/ui")
    page.evaluate("document.querySelector('main').append(document.createElement('input'))")
    assert any(line.startswith("label:") for line in axe(page))

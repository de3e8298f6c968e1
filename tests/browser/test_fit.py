"""Nothing is wider than the screen and no text is cut, in any language on any screen; nothing moves (#5)."""

from __future__ import annotations

from pathlib import Path
from time import monotonic
from typing import Any

import pytest

from tests.browser.desk import LANGUAGES, PAGES, WIDTHS, Desk
from tests.support.patience import PATIENCE

_CUT = (Path(__file__).parent / "cut.js").read_text(encoding="utf-8")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("path", PAGES)
def test_every_text_is_seen_whole(desk: Desk, path: str, language: str):
    page = desk.open(path, language=language)
    assert page.locator("html").get_attribute("lang") == language
    for width in (360, *WIDTHS, 2560, 3840):
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate(_CUT) == [], width
    for fold in page.locator("[data-fold]").all():  # where there is a menu
        fold.click()
    for width in (1440, 2560):
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate(_CUT) == [], width


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("width", WIDTHS)
def test_texts_of_what_opens_are_seen_whole(desk: Desk, width: int, language: str):
    page = desk.open("/ui", width=width, language=language)
    for name in ("create", "news", "look", "more", "filters", "why-2041"):
        page.locator(f'[popovertarget="{name}"]').click()
        box: Any = page.locator(f"#{name}").bounding_box()
        assert box["x"] >= 0, name
        assert box["x"] + box["width"] <= width, name
        assert page.evaluate(_CUT) == []
        page.keyboard.press("Escape")
    page.locator('main [data-opens="sure"]:visible').first.click()
    assert page.evaluate(_CUT) == []
    page.keyboard.press("Escape")
    page.locator("[data-pick]").first.click()
    page.locator('[data-toast="bad"]').click()
    assert page.evaluate(_CUT) == []
    if width == 390:
        page.locator(".menu-open").click()
        assert page.evaluate(_CUT) == []


def test_a_cut_text_is_found(desk: Desk):
    page = desk.open("/ui")
    page.evaluate("document.querySelector('.badge').classList.add('bone-round', 'table-card')")
    assert any(line.startswith(("cut", "spills")) for line in page.evaluate(_CUT))
    page.evaluate(
        "document.querySelector('main').append(Object.assign(document.createElement('hr'), {className: 'wide'}));"
        "document.querySelector('.wide').attributeStyleMap.set('width', CSS.px(4000))"
    )
    assert any("wide" in line for line in page.evaluate(_CUT))


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("path", PAGES)
def test_nothing_moves_while_a_page_comes(desk: Desk, path: str, width: int):
    page = desk.open(path, width=width, motion="no-preference")
    assert page.evaluate("shifts") == []


def test_what_moves_is_noticed(desk: Desk):
    page = desk.open("/ui")
    page.evaluate(
        "document.querySelector('main').prepend(Object.assign(document.createElement('h1'), {textContent: 'x'}))"
    )
    deadline = monotonic() + PATIENCE
    while not page.evaluate("shifts") and monotonic() < deadline:
        page.wait_for_timeout(20)
    assert page.evaluate("shifts[0].value") > 0

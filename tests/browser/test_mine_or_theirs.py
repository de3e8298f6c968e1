"""Two people edit one client at once, in Chromium: both see what the other saved, and choose (#5)."""

from __future__ import annotations

import re
from uuid import uuid4

import pytest
from playwright.sync_api import Page, expect

from tests.browser.desk import CLIENT, LANGUAGES, Desk, axe


def _save(page: Page) -> None:
    page.get_by_role("button", name="Save").click()
    page.wait_for_url(re.compile("after="))


def _both(desk: Desk, **look: object) -> tuple[Page, str, str, str]:
    """Return a page that asks mine or theirs, the address of the client, my city, and their email."""
    desk.provoked = "422"
    mine, theirs = desk.open(f"{CLIENT}/edit", **look), desk.open(f"{CLIENT}/edit")  # type: ignore[arg-type]
    address, city, email = theirs.url.removesuffix("/edit"), f"City {uuid4().hex[:8]}", f"{uuid4().hex}@example.com"
    theirs.fill("#field-city", f"Their {city}")
    theirs.fill("#field-email", email)
    _save(theirs)
    mine.fill("#field-city", city)
    mine.keyboard.press("Control+Enter")
    expect(mine.locator("main [role=alert]")).to_be_focused()
    return mine, address, city, email


def test_each_field_is_chosen_and_nothing_is_lost(desk: Desk):  # S3.12
    mine, address, city, email = _both(desk)
    asked = mine.locator(".conflict fieldset")
    expect(asked).to_have_count(1)
    expect(asked.get_by_role("radio", name=f"You typed {city}")).to_be_checked()
    expect(mine.locator(".save-lines")).to_contain_text(email)
    asked.get_by_role("radio", name=f"They saved Their {city}").check()
    _save(mine)
    facts = mine.locator("dl.facts").first
    expect(facts).to_contain_text(f"Their {city}")
    expect(facts).to_contain_text(email)
    mine.goto(f"{address}/edit")
    expect(mine.locator(".draft-notice")).to_have_count(0)


def test_what_was_typed_outlives_a_reload_also_then(desk: Desk):
    mine, address, city, _ = _both(desk)
    mine.reload()
    expect(mine.locator("#field-city")).to_have_value(city)
    expect(mine.locator(".draft-notice")).to_be_visible()
    _save(mine)
    expect(mine.locator("dl.facts").first).to_contain_text(city)
    assert mine.url.startswith(address)


@pytest.mark.parametrize(("width", "language"), list(zip((390, 820, 1440), LANGUAGES, strict=True)))
def test_the_question_fits_and_axe_finds_nothing(desk: Desk, width: int, language: str):
    mine, *_ = _both(desk, width=width, language=language, theme="dark" if width == 390 else "light")
    assert mine.evaluate("document.documentElement.scrollWidth") <= width
    assert axe(mine, "main") == []

"""The bar at the bottom of a phone on a client's page, in Chromium: it acts, and covers nothing (#5)."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.desk import CLIENT, LANGUAGES, Desk, axe


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("width", [360, 390])
def test_the_bar_fits_and_covers_nothing(desk: Desk, width: int, language: str):
    page = desk.open(CLIENT, width=width, language=language, theme="dark")
    bar = page.locator(".bottom-bar")
    expect(bar.locator(".bottom-entry")).to_have_count(3)
    for entry in bar.locator(".bottom-entry").all():
        box = entry.bounding_box()
        assert box is not None
        assert (box["x"] >= 0, box["x"] + box["width"] <= width, box["height"] >= 44) == (True, True, True)
    page.evaluate("scrollTo(0, document.documentElement.scrollHeight)")
    last, top = page.locator("main .card").last.bounding_box(), bar.bounding_box()
    assert last is not None
    assert top is not None
    assert last["y"] + last["height"] <= top["y"]
    assert axe(page) == []


def test_it_leads_to_a_note_and_to_the_form(desk: Desk):
    page = desk.open(CLIENT, width=390)
    bar = page.locator(".bottom-bar")
    assert (bar.get_by_role("link", name="Call").get_attribute("href") or "").startswith("tel:+")
    bar.get_by_role("link", name="Note").click()
    note = page.get_by_label("New note")
    expect(note).to_be_focused()
    expect(note).to_be_in_viewport()
    page.goto(f"{page.url.partition('#')[0]}?tab=history")
    bar.get_by_role("link", name="Note").click()
    expect(note).to_be_focused()
    bar.get_by_role("link", name="Edit").click()
    page.wait_for_url(re.compile("/edit$"))


def test_on_a_desk_there_is_none(desk: Desk):
    expect(desk.open(CLIENT).locator(".bottom-bar")).to_be_hidden()

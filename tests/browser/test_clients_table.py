"""The table of clients in Chromium: filters, order by click and by key, what stays in view (S1.14, S3.8, #5)."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Page, expect

from tests.browser.desk import Desk


def rows(page: Page) -> list[str]:
    return page.locator("table.sheet tbody .name-text").all_inner_texts()


def asked(page: Page) -> dict[str, list[str]]:
    return parse_qs(urlsplit(page.url).query)


def test_potential_and_hot_are_two_clicks_and_stand_in_the_address(desk: Desk):  # S3.8
    page = desk.open("/clients/new")
    page.get_by_label("Name").fill("Hot prospect")
    page.get_by_text("More fields").click()
    page.get_by_label("Temperature").select_option("hot")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("h1")).to_contain_text("Hot prospect")
    page.goto("/clients?view=table")
    page.get_by_role("navigation", name="Status").get_by_role("link", name="Potential").click()
    page.get_by_role("navigation", name="Temperature").get_by_role("link", name="Hot").click()
    page.wait_for_url(re.compile("temperature=hot"))
    assert asked(page) == {"view": ["table"], "status": ["potential"], "temperature": ["hot"]}
    expect(page.locator("tbody tr").first).to_be_visible()
    badges = page.locator("tbody .badge").all_inner_texts()
    assert badges == ["Potential", "Hot"] * len(rows(page))
    page.get_by_role("link", name="Clear filters").click()
    page.wait_for_url(re.compile(r"clients\?view=table$"))


def test_a_filter_by_a_number_is_picked_typed_and_taken_away(desk: Desk):
    desk.provoked = "422"
    page = desk.open("/clients")
    page.get_by_role("button", name="Filter", exact=True).click()
    page.locator("#offers").get_by_role("link", name="Balance").click()
    form = page.get_by_role("form", name="Filter by Balance")
    form.get_by_label("Value, EUR").fill("much")
    form.get_by_role("button", name="Apply").click()
    expect(page.locator(".field-error")).to_have_text("This is not a number.")
    form.get_by_label("Value, EUR").fill("0")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("balance=lt%3A0"))
    owed = page.locator("tbody td.negative")
    expect(owed).to_have_count(len(rows(page)))
    page.get_by_role("link", name="Remove the filter Balance < 0").click()
    page.wait_for_url(re.compile(r"clients\?view=table$"))


def test_a_column_sorts_by_click_and_by_key(desk: Desk):
    page = desk.open("/clients?view=table")
    head = page.get_by_role("columnheader", name="Client", exact=True)
    head.get_by_role("link").click()
    expect(head).to_have_attribute("aria-sort", "ascending")
    up = rows(page)
    assert up == sorted(up, key=str.casefold)
    head.get_by_role("link").focus()
    page.keyboard.press("Enter")
    expect(head).to_have_attribute("aria-sort", "descending")
    down = rows(page)
    assert down == sorted(down, key=str.casefold, reverse=True)
    assert up != down
    expect(page.locator("thead [aria-sort]")).to_have_count(1)


@pytest.mark.parametrize("width", [390, 1440])
def test_the_eightieth_client_is_in_view_when_one_comes_back(desk: Desk, width: int):
    page = desk.open("/clients?view=table&sort=name", width=width)
    page.get_by_role("link", name="Next").click()
    page.wait_for_url(re.compile("cursor="))
    name = page.locator("tbody .name-text").nth(29)
    text, address = name.inner_text(), name.get_attribute("href") or "-"
    name.click()
    expect(page.locator("#panel h2")).to_have_text(text)
    page.get_by_label("Open as a page").click()
    page.wait_for_url(re.compile(re.escape(address)))
    expect(page.locator("h1")).to_contain_text(text)
    page.go_back()
    page.wait_for_url(re.compile("cursor="))
    expect(page.locator("tbody .name-text", has_text=text).first).to_be_in_viewport()
    assert rows(page).index(text) == 29


@pytest.mark.parametrize("width", [390, 820, 1440])
def test_name_head_and_totals_stay_while_the_table_scrolls(desk: Desk, width: int):
    page = desk.open("/clients?view=table", width=width)
    box = page.locator(".table-scroll")
    wide, high = box.evaluate("e => [e.scrollWidth > e.clientWidth, e.scrollHeight > e.clientHeight]")
    assert wide
    assert high
    places = {
        "head": page.locator("thead th.number").last,
        "name": page.locator("tbody .first").nth(25),
        "totals": page.locator("tfoot th"),
    }
    box.evaluate("e => e.scrollTo(e.scrollWidth, 25 * 40)")
    page.wait_for_function("document.querySelector('.table-scroll').scrollLeft > 0")
    edge = box.bounding_box()
    found = {what: each.bounding_box() for what, each in places.items()}
    assert edge is not None
    head, name, totals = found["head"], found["name"], found["totals"]
    assert head is not None
    assert name is not None
    assert totals is not None
    assert abs(head["y"] - edge["y"]) < 2
    boxes = page.locator("tbody .pick").nth(25).bounding_box()
    assert boxes is not None
    assert abs(boxes["x"] - edge["x"]) < 2
    assert abs(name["x"] - edge["x"] - boxes["width"]) < 2
    assert abs(totals["x"] - edge["x"] - boxes["width"]) < 2
    assert edge["y"] + edge["height"] - 20 - 40 < totals["y"] + 2 < edge["y"] + edge["height"]
    row = page.locator("tbody tr").nth(3).bounding_box()
    assert row is not None
    assert abs(row["height"] - 40) < 1


def test_numbers_stand_at_the_right_in_figures_of_one_width(desk: Desk):
    page = desk.open("/clients?view=table")
    cell = page.locator("tbody td.number").first
    style = cell.evaluate("e => [getComputedStyle(e).textAlign, getComputedStyle(e).fontVariantNumeric]")
    assert style == ["right", "lining-nums tabular-nums"]

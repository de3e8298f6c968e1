"""Clients in Chromium: panel beside the list, numbers explained, palette, Back to where one was (S3.9, X2, #5)."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.browser.desk import CLIENT, Desk, axe


def test_a_client_opens_beside_the_list_under_its_own_address(desk: Desk):
    page = desk.open("/clients")
    first = page.locator("a.cover").first
    name, address = first.inner_text(), first.get_attribute("href")
    first.click()
    panel = page.locator("#panel")
    expect(panel.locator("h2")).to_have_text(name)
    assert page.url.endswith(address or "-")
    assert axe(page, "#panel") == []
    page.keyboard.press("Escape")
    expect(panel).to_be_hidden()
    assert page.url.endswith("/clients")
    first.click()
    panel.get_by_label("Open as a page").click()
    expect(page.locator("h1")).to_contain_text(name)


def test_a_number_tells_what_it_is_made_of(desk: Desk):
    page = desk.open(CLIENT)
    number = page.locator('[popovertarget="why-sales_sum"]')
    number.click()
    told = page.locator("#why-sales_sum .sum-total dd")
    expect(told).to_have_text(number.inner_text())
    page.keyboard.press("Escape")


def test_the_palette_leads_to_a_client_by_keys_alone(desk: Desk):
    page = desk.open("/")
    page.keyboard.press("/")
    page.keyboard.type("#1")
    expect(page.locator("#palette-list [role=option]").first).to_contain_text("#1")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("/clients/"))


def test_back_returns_to_the_row_one_left(desk: Desk):
    page = desk.open("/clients?status=current")
    last = page.locator("a.cover").last
    last.scroll_into_view_if_needed()
    name = last.inner_text()
    page.goto(f"{desk.address}{last.get_attribute('href')}")
    page.go_back()
    expect(page.locator("a.cover", has_text=name).last).to_be_in_viewport()


def test_signing_out_leads_to_the_door_and_keeps_one_out(desk: Desk):
    page = desk.open("/profile")
    fresh = page.context.browser.new_context(base_url=desk.address)  # type: ignore[union-attr]
    there = fresh.new_page()
    there.goto("/clients")
    expect(there.locator("h1")).to_have_text("Sign in")
    assert "next=" in there.url
    fresh.close()

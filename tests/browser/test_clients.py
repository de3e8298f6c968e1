"""Clients in Chromium: panel beside the list, numbers explained, palette, Back to where one was (S3.9, X2, #5)."""

from __future__ import annotations

import re

from playwright.sync_api import Route, expect

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


def test_a_name_with_a_slip_is_found_and_opened_by_keys_alone(desk: Desk):  # S0.39
    page = desk.open("/")
    page.keyboard.press("/")
    page.keyboard.type("їжакевчи фоп")
    group = page.get_by_role("group", name="Similar names")
    expect(group.get_by_role("option")).to_have_count(1)
    expect(group.get_by_role("option")).to_contain_text("ФОП Їжакевич")
    expect(group.get_by_role("option")).to_have_attribute("aria-selected", "true")
    assert axe(page, "#palette") == []
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("/clients/"))
    expect(page.locator("h1")).to_contain_text("ФОП Їжакевич")


def test_a_list_of_similar_names_says_so(desk: Desk):  # S3.5
    page = desk.open("/clients")
    search = page.locator(".list-search input[name=q]")
    search.fill("walkre")
    search.press("Enter")
    expect(page.get_by_text("Nothing is written exactly like “walkre”. Similar names:")).to_be_visible()
    expect(page.locator("a.cover").first).to_contain_text("Walker")


def test_enter_waits_for_the_answer_to_what_was_typed(desk: Desk):
    page = desk.open("/")
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route(re.compile(r"/palette\?q="), hold)
    page.keyboard.press("/")
    page.keyboard.type("#11")
    page.keyboard.press("Enter")
    while not held:
        page.wait_for_timeout(50)
    assert page.url.endswith("/"), "nothing was found yet"
    held[-1].continue_()
    page.wait_for_url(re.compile("/clients/"))
    expect(page.locator("h1")).to_contain_text("#11")


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


def test_a_client_is_created_by_keys_alone_and_gets_a_note(desk: Desk):  # S3.10, S3.21
    page = desk.open("/clients")
    page.keyboard.press("c")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("/clients/new$"))
    page.locator("input[name=name]").focus()
    page.keyboard.type("Ґанок & Ко")
    page.keyboard.press("Control+Enter")
    expect(page.locator("h1")).to_contain_text("Ґанок & Ко")
    said = page.locator(".toast-line")
    expect(said).to_contain_text("Created")
    said.get_by_role("link", name="Add note").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_label("New note")).to_be_focused()
    expect(said).to_have_count(0)
    assert "created" not in page.url, "loaded anew, it is not said again"
    page.keyboard.type("asked for <b>a price list</b>")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".note-item").first).to_contain_text("asked for <b>a price list</b>")
    page.locator(".note-edit").first.click()
    page.get_by_role("button", name="Remove the note").click()
    page.locator("dialog[open]").get_by_role("button", name="Remove").click()
    expect(page.locator("main")).to_contain_text("The note is removed.")
    page.get_by_role("button", name="Undo").click()
    expect(page.locator(".note-item").first).to_contain_text("price list")


def test_a_refused_form_says_what_is_wrong_and_keeps_what_was_typed(desk: Desk):
    desk.provoked = "422"
    page = desk.open("/clients/new")
    page.locator("input[name=name]").fill("Typed & kept")
    page.locator("summary", has_text="More fields").click()
    page.locator("input[name=discount]").fill("140")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("[role=alert]")).to_be_focused()
    assert page.locator("input[name=name]").input_value() == "Typed & kept"
    assert axe(page) == []

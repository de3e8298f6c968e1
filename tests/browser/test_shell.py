"""Menu, theme, language, dialogs, palette, panel, lists: by keyboard, remembered, where it may be without script."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.desk import Desk


def background(page: Page) -> str:
    return str(page.evaluate("getComputedStyle(document.body).backgroundColor"))


def test_the_theme_is_changed_in_place_and_remembered(desk: Desk):
    page = desk.open("/ui", theme="auto")
    light = background(page)
    page.evaluate("window.same = true")
    page.locator('[popovertarget="look"]').click()
    page.locator('[data-theme-choice="dark"]').click()
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")
    expect(page.locator("body")).not_to_have_css("background-color", light)
    assert page.evaluate("same") is True
    page.goto("/")
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")
    assert background(page) != light


def test_as_the_device_needs_no_script_and_no_flash(desk: Desk):
    light = background(desk.open("/", theme="auto", scheme="light"))
    dark = background(desk.open("/", theme="auto", scheme="dark"))
    assert light != dark
    assert background(desk.open("/", theme="light", scheme="dark")) == light
    assert background(desk.open("/", theme="dark", scheme="light")) == dark


def test_language_theme_and_menu_are_chosen_without_script(desk: Desk):
    page = desk.open("/ui", theme="auto", scripts=False)
    page.locator('[popovertarget="look"]').click()
    page.locator('#look a[hreflang="uk"]').click()
    expect(page.locator("html")).to_have_attribute("lang", "uk")
    assert page.url.endswith("/ui")
    page.locator('[popovertarget="look"]').click()
    page.locator('[data-theme-choice="dark"]').click()
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")
    page.locator("[data-fold]").click()
    expect(page.locator("html")).to_have_attribute("data-menu", "narrow")
    page.goto("/")
    expect(page.locator("h1")).to_have_text("Аналітика продажів")


def test_the_menu_folds_to_56_px_and_stays_so(desk: Desk):
    page = desk.open("/ui")
    menu = page.locator("#menu")
    assert menu.bounding_box()["width"] == 240  # type: ignore[index]
    page.locator("[data-fold]").click()
    assert menu.bounding_box()["width"] == 56  # type: ignore[index]
    page.reload()
    assert menu.bounding_box()["width"] == 56  # type: ignore[index]
    expect(page.get_by_role("link", name="Specimen")).to_be_visible()


def test_the_menu_of_a_phone_opens_over_the_page_and_gives_the_focus_back(desk: Desk):
    page = desk.open("/ui", width=390)
    expect(page.locator("#menu")).to_be_hidden()
    page.locator(".menu-open").click()
    expect(page.locator("#menu")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#menu")).to_be_hidden()
    expect(page.locator(".menu-open")).to_be_focused()


def test_the_first_tab_skips_to_the_content(desk: Desk):
    page = desk.open("/ui")
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()


def test_every_control_shows_its_focus(desk: Desk):
    page = desk.open("/ui")
    unseen = page.evaluate("""() => [...document.querySelectorAll("a[href], button, input, select, textarea")]
      .filter((e) => e.checkVisibility({opacityProperty: true}) && !e.disabled && e.tabIndex >= 0)
      .filter((e) => { e.focus({focusVisible: true}); const s = getComputedStyle(e);
        const parent = getComputedStyle(e.closest(".tags, .client-card") ?? e);
        const plain = (x) => x.outlineStyle === "none" && x.boxShadow === "none";
        return document.activeElement === e && plain(s) && plain(parent); })
      .map((e) => e.outerHTML.slice(0, 90))""")
    assert unseen == []


@pytest.mark.parametrize("close", ["Escape", "Cancel"])
def test_a_dialog_takes_the_focus_and_gives_it_back(desk: Desk, close: str):
    page = desk.open("/ui")
    opener = page.get_by_role("button", name="Ask first")
    opener.focus()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="Archive 3 clients?")
    expect(dialog).to_be_visible()
    expect(dialog.get_by_role("button", name="Cancel")).to_be_focused()
    for _ in range(3):
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement === document.body || !!document.activeElement.closest('dialog')")
    if close == "Escape":
        page.keyboard.press("Escape")
    else:
        dialog.get_by_role("button", name="Cancel").click()
    expect(dialog).to_be_hidden()
    expect(opener).to_be_focused()


def test_the_palette_opens_by_a_slash_and_finds_by_keys(desk: Desk):
    page = desk.open("/ui")
    page.keyboard.press("/")
    field = page.locator("#palette [role=combobox]")
    expect(field).to_be_focused()
    expect(page.locator("#palette-list [role=option]").first).to_have_attribute("aria-selected", "true")
    field.press_sequentially("4423")
    expect(page.locator("#palette-list [role=option]")).to_have_count(1)
    expect(page.locator("#palette-list [role=option]")).to_contain_text("Brightside Coffee")
    page.keyboard.press("Enter")
    page.wait_for_url("**/ui?panel=4423#lists")
    expect(page.locator("#panel h2")).to_have_text("Brightside Coffee")


def test_keys_do_nothing_while_one_writes(desk: Desk):
    page = desk.open("/ui")
    page.locator("#field-about").press_sequentially("a/c")
    expect(page.locator("#field-about")).to_have_value("a/c")
    expect(page.locator("#palette")).to_be_hidden()
    page.locator("h1").click()
    page.keyboard.press("c")
    expect(page.locator("#create")).to_be_visible()


def test_a_record_opens_beside_its_list_which_stays(desk: Desk):
    page = desk.open("/ui")
    page.evaluate("window.same = true")
    link = page.locator(".sheet").get_by_role("link", name="Northwind Traders")
    link.scroll_into_view_if_needed()
    before = page.evaluate("scrollY")
    link.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#panel h2")).to_have_text("Northwind Traders")
    assert page.url.endswith("/ui?panel=1187")
    expect(page.locator("#panel [data-panel-close]")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("#panel")).to_be_hidden()
    expect(link).to_be_focused()
    assert page.url.endswith("/ui")
    assert page.evaluate("[same, scrollY]") == [True, before]
    page.go_forward()
    expect(page.locator("#panel h2")).to_have_text("Northwind Traders")
    page.reload()
    expect(page.locator("#panel h2")).to_have_text("Northwind Traders")
    page.locator("#panel [data-panel-close]").click()
    expect(page.locator("#panel")).to_be_hidden()


def test_arrows_go_through_rows_and_boxes_are_counted(desk: Desk):
    page = desk.open("/ui")
    links = page.locator(".sheet tbody th.first a")
    links.first.focus()
    page.keyboard.press("ArrowDown")
    expect(links.nth(1)).to_be_focused()
    boxes = page.locator("[data-pick]")
    boxes.nth(0).click()
    expect(page.locator(".selection-count")).to_have_text("1 selected")
    boxes.nth(3).click(modifiers=["Shift"])
    expect(page.locator(".selection-count")).to_have_text("4 selected")
    assert page.locator("[data-pick-all]").evaluate("(e) => e.indeterminate") is True
    page.locator("[data-pick-all]").click()
    expect(page.locator(".selection-count")).to_have_text("8 selected")
    page.locator("[data-pick-none]").click()
    expect(page.locator(".selection")).to_be_hidden()


@pytest.mark.parametrize(("rows", "height"), [("normal", 40), ("compact", 32)])
def test_rows_have_their_height_and_stay_under_header_and_name(desk: Desk, rows: str, height: int):
    page = desk.open("/ui", width=390)
    page.locator(f'[data-rows="{rows}"]').click()
    row = page.locator(".sheet tbody tr").nth(1)
    assert row.bounding_box()["height"] == pytest.approx(height, abs=0.6)  # type: ignore[index]
    scroll = page.locator(".table-scroll")
    scroll.evaluate("(e) => { e.scrollLeft = 400; }")
    left = scroll.bounding_box()["x"]  # type: ignore[index]
    assert row.locator("th.first").bounding_box()["x"] == pytest.approx(left + 40, abs=1.5)  # type: ignore[index]


def test_numbers_stand_right_in_figures_of_one_width(desk: Desk):
    page = desk.open("/ui")
    cell = page.locator(".sheet tbody td.number").first
    assert cell.evaluate("(e) => getComputedStyle(e).textAlign") == "right"
    widths = page.evaluate("""() => ["111111", "000000", "888888"].map((text) => {
      const span = Object.assign(document.createElement("span"), {textContent: text});
      document.querySelector("main").append(span);
      return span.getBoundingClientRect().width;
    })""")
    assert len(set(widths)) == 1


def test_texts_are_in_the_font_that_is_shipped(desk: Desk):
    page = desk.open("/ui", language="uk")
    faces = """() => document.fonts.load('14px "Inter Variable"', 'aґєії₴₽').then((all) => all.map((f) => f.status))"""
    assert page.evaluate(faces) == ["loaded"] * 4
    assert page.evaluate("getComputedStyle(document.body).fontFamily").startswith('"Inter Variable"')


def test_one_primary_button_and_no_card_in_a_card(desk: Desk):
    for path in ("/", "/ui"):
        page = desk.open(path)
        assert page.locator("main .btn-primary").count() <= 1
        assert page.locator(":is(.card, .client-card, .table-card) :is(.card, .client-card, .table-card)").count() == 0
        assert page.evaluate("[...document.querySelectorAll('form.form')].every((e) => e.offsetWidth <= 720)")


def test_the_address_of_a_page_names_no_other_site(desk: Desk):
    page = desk.open("/ui")
    asked = page.evaluate("performance.getEntriesByType('resource').map((e) => e.name)")
    assert len(asked) > 8
    assert [name for name in asked if not name.startswith(desk.address)] == []
    assert all(re.search(r"/static/[0-9a-f]{12}/", name) for name in asked if "/static/" in name)


def test_entries_of_the_bottom_bar_stand_still_while_the_rest_of_the_page_comes(desk: Desk):
    page = desk.open("/clients", width=390)
    first = page.locator(".bottom-entry").first
    before = first.bounding_box()
    page.locator(".bottom-entry").last.evaluate("entry => entry.remove()")
    assert first.bounding_box() == before

"""Requests of htmx: the bar for slow ones, a refused form in its place, messages for what fails (#5)."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.desk import Desk


def test_a_slow_answer_shows_the_bar_and_a_quick_one_does_not(desk: Desk):
    page = desk.open("/ui")
    bar = page.locator(".loading-bar")
    assert bar.evaluate("(e) => getComputedStyle(e).visibility") == "hidden"
    page.get_by_role("button", name="A slow answer").click()
    expect(bar).to_have_css("visibility", "visible")
    expect(page.locator("#late")).to_contain_text("The answer came")
    expect(bar).to_have_css("visibility", "hidden")


def test_the_bar_waits_300_ms(desk: Desk):
    page = desk.open("/ui", motion="no-preference")
    page.evaluate("document.documentElement.dataset.busy = ''")
    bar = page.locator(".loading-bar")
    assert bar.evaluate("(e) => getComputedStyle(e).transitionDelay") == "0.3s"


def test_a_refused_form_says_why_and_takes_the_focus(desk: Desk):
    desk.provoked = "status of 422"
    page = desk.open("/ui")
    form = page.locator("#quick")
    form.get_by_role("button", name="Save").click()
    expect(form.get_by_role("alert")).to_be_focused()
    field = form.get_by_role("textbox", name="Name")
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(field).to_have_accessible_description("Write the name of the company or person")
    form.get_by_role("link").click()
    expect(field).to_be_focused()
    field.fill("Зоря")
    field.press("Enter")
    expect(form.get_by_role("status")).to_have_text("Saved: Зоря")
    expect(page.locator(".toast-line")).to_have_count(0)


def test_a_failure_is_told_and_swaps_nothing(desk: Desk):
    desk.provoked = "status of 500"
    page = desk.open("/ui")
    page.get_by_role("button", name="A failing answer").click()
    expect(page.locator(".toast-bad")).to_contain_text("Something went wrong here")
    expect(page.locator("#late")).to_be_empty()
    page.get_by_role("button", name="Close the message").click()
    expect(page.locator(".toast-line")).to_have_count(0)


def test_a_lost_connection_is_told(desk: Desk):
    desk.provoked = ""
    page = desk.open("/ui")
    page.context.set_offline(True)
    page.get_by_role("button", name="A failing answer").click()
    expect(page.locator(".toast-bad")).to_contain_text("There is no connection")
    page.context.set_offline(False)
    assert "data-busy" not in page.locator("html").evaluate("(e) => e.getAttributeNames()")


def test_tags_are_added_and_taken_by_keys(desk: Desk):
    page = desk.open("/ui")
    box = page.locator('[data-tags="tags"]')
    field = box.locator(".tags-input")
    field.press_sequentially("north,")
    field.press_sequentially("VIP")
    field.press("Enter")
    values = "(e) => [...e.querySelectorAll('input[type=hidden]')].map((i) => i.value)"
    assert box.evaluate(values) == ["VIP", "Wholesale", "north"]
    expect(box.get_by_role("button", name="Remove north")).to_be_visible()
    field.press("Backspace")
    assert box.evaluate(values) == ["VIP", "Wholesale"]
    box.get_by_role("button", name="Remove VIP").click()
    assert box.evaluate(values) == ["Wholesale"]
    expect(field).to_be_focused()


def test_a_chosen_file_is_named(desk: Desk):
    page = desk.open("/ui")
    page.locator("#field-file").set_input_files({"name": "clients.csv", "mimeType": "text/csv", "buffer": b"name\n"})
    expect(page.locator(".drop-name")).to_have_text("clients.csv")

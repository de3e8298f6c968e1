"""An import and its undo by clicking, in Chromium (#5, ADR 0026)."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.desk import IMPORT, TAKEN, Desk, axe

LIST = "Who;Tel.;E-mail\nClicked One;12;one@clicked.example\nClicked Two;+380671230002;two@clicked.example\n"
LONG_MS = 90_000


def chosen(page: Page, text: str = LIST, name: str = "clicked.csv") -> None:
    """Choose a file and go on to its columns."""
    page.locator("input[type=file]").set_input_files([{"name": name, "mimeType": "text/csv", "buffer": text.encode()}])
    page.get_by_role("button", name="Continue").click()
    page.wait_for_url(re.compile(r"/clients/import/[0-9a-f-]{36}$"))


def test_a_list_is_imported_and_undone_by_clicking(desk: Desk):
    page = desk.open("/clients")
    page.locator('[popovertarget="more"]').click()
    page.get_by_role("link", name="Import from a file").click()
    expect(page.locator("h1")).to_have_text("Import from a file")
    page.locator("input[type=file]").set_input_files(
        [{"name": "clicked.csv", "mimeType": "text/csv", "buffer": LIST.encode()}]
    )
    expect(page.locator(".drop-name")).to_have_text("clicked.csv")
    page.get_by_role("button", name="Continue").click()

    expect(page.locator("[role=alert]")).to_contain_text("no column is known as the name")
    expect(page.get_by_role("button", name="Import", exact=True)).to_be_disabled()
    column = page.get_by_label("What the column Who is")
    column.focus()
    column.select_option("name")
    expect(page.locator(".match-totals")).to_contain_text("To create1")
    expect(page.get_by_label("What the column Who is")).to_be_focused()
    expect(page.locator("td.is-wrong")).to_contain_text("12 is no phone number")
    assert axe(page) == []
    page.get_by_label("What the column Tel. is").select_option("")
    expect(page.locator(".match-totals")).to_contain_text("To create2")
    page.get_by_label("What the column Tel. is").select_option("phones")
    expect(page.locator(".match-totals")).to_contain_text("To create1")

    page.get_by_role("button", name="Import", exact=True).click()
    expect(page.locator("main")).to_contain_text("Download refused rows", timeout=LONG_MS)
    assert axe(page) == []
    with page.expect_download() as download:
        page.get_by_role("link", name="Download refused rows").click()
    assert download.value.suggested_filename == "refused-rows.csv"
    where = page.url
    page.get_by_role("link", name="Open clients").click()
    expect(page.locator("h1")).to_have_text("Clients")
    page.goto("/clients?q=Clicked")
    expect(page.locator("main")).to_contain_text("Clicked Two")

    page.goto(where)
    page.get_by_role("button", name="Undo the whole import").click()
    dialog = page.locator("dialog[open]")
    assert axe(page, "dialog[open]") == []
    dialog.get_by_role("button", name="Cancel").click()
    expect(dialog).to_be_hidden()
    page.get_by_role("button", name="Undo the whole import").click()
    dialog.get_by_role("button", name="Undo the import").click()
    expect(page.locator(".totals")).to_contain_text("Undone1", timeout=LONG_MS)
    page.goto("/clients?q=Clicked")
    expect(page.locator("h1")).to_have_text("Clients")
    expect(page.locator("main")).not_to_contain_text("Clicked Two")


def test_a_file_is_imported_without_scripts(desk: Desk):
    page = desk.open("/clients/import", scripts=False)
    other = LIST.replace("Clicked", "Plain").replace("clicked", "plain").replace("1230002", "1230003")
    chosen(page, other, "plain.csv")
    page.get_by_label("What the column Who is").select_option("name")
    page.get_by_role("button", name="Show again").click()
    expect(page.locator(".match-totals")).to_contain_text("To create1")
    page.get_by_role("button", name="Import", exact=True).click()
    deadline = page.locator(".totals")
    for _ in range(300):
        if deadline.count():
            break
        page.wait_for_timeout(200)
        page.reload()
    expect(deadline).to_contain_text("Created1")


def test_a_file_that_is_too_large_is_not_even_sent(desk: Desk):
    page = desk.open("/clients/import")
    page.locator("[data-drop]").evaluate("drop => drop.dataset.most = 10")
    page.locator("input[type=file]").set_input_files(
        [{"name": "big.csv", "mimeType": "text/csv", "buffer": LIST.encode()}]
    )
    expect(page.locator(".drop-name")).to_contain_text("The file is larger than 50 MB.")
    page.get_by_role("button", name="Continue").click()
    assert page.url.endswith("/clients/import")
    page.locator("input[type=file]").set_input_files(
        [{"name": "small.csv", "mimeType": "text/csv", "buffer": b"Name\nA\n"}]
    )
    expect(page.locator(".drop-name")).to_have_text("small.csv")
    assert page.evaluate("document.querySelector('input[type=file]').checkValidity()")


def test_a_file_that_is_no_good_is_refused_in_words(desk: Desk):
    desk.provoked = "422"
    page = desk.open("/clients/import")
    page.locator("input[type=file]").set_input_files(
        [{"name": "evil.xlsx", "mimeType": "text/csv", "buffer": b"PK\x03\x04 no archive"}]
    )
    page.get_by_role("button", name="Continue").click()
    expect(page.locator(".field-error")).to_contain_text("evil.xlsx: it is damaged")
    expect(page.locator("[role=alert]")).to_be_focused()
    assert axe(page) == []


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1440])
@pytest.mark.parametrize("path", ["/clients/import", IMPORT, TAKEN])
def test_axe_finds_nothing_on_the_pages_of_an_import(desk: Desk, path: str, width: int, theme: str):
    assert axe(desk.open(path, width=width, theme=theme)) == []

"""No page reports a breach of the policy or an error, whatever is pointed at or opened (#5)."""

from __future__ import annotations

import pytest

from tests.browser.desk import PAGES, WIDTHS, Desk

_PLACES = """() => [...document.querySelectorAll("body *")].filter((e) => e.checkVisibility())
  .map((e) => e.getBoundingClientRect()).filter((b) => b.width && b.height)
  .map((b) => [b.x + Math.min(b.width / 2, 600), b.y + scrollY + b.height / 2])"""


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("path", PAGES)
def test_pointing_at_everything_breaks_nothing(desk: Desk, path: str, width: int):
    page = desk.open(path, width=width)
    places = page.evaluate(_PLACES)
    assert len(places) > 20
    height = page.viewport_size["height"]  # type: ignore[index]
    scrolled = -1
    for x, y in sorted(places, key=lambda place: place[1]):
        top = max(0, int(y // 400) * 400 - 200)
        if top != scrolled:
            page.evaluate("(y) => scrollTo(0, y)", top)
            scrolled = int(page.evaluate("scrollY"))
            top = scrolled
        if 0 <= y - scrolled < height:
            page.mouse.move(x, y - scrolled)


def test_opening_everything_breaks_nothing(desk: Desk):
    page = desk.open("/ui")
    for opener in page.locator("[popovertarget]:visible").all():
        opener.click()
        page.keyboard.press("Escape")
    for opener in page.locator("main [data-opens]:visible").all():
        opener.click()
        page.keyboard.press("Escape")
    page.locator("main [data-toast]").first.click()
    page.locator(".toast-close").first.click()


def test_a_breach_is_reported(desk: Desk):
    page = desk.open("/ui")
    page.evaluate("document.body.insertAdjacentHTML('beforeend', '<p style=\"top: 0\" onclick=\"1\">x</p>')")
    page.evaluate("eval_failed = (() => { try { return new Function('return 1')(); } catch { return 0; } })()")
    page.wait_for_timeout(50)
    told = "\n".join(desk.reports)
    assert "policy: style-src-attr inline" in told
    assert "policy: script-src-attr inline" in told
    desk.reports.clear()


def test_pages_work_under_a_name_that_is_no_secure_context(desk: Desk):
    page = desk.open("/ui", at=desk.name)
    assert page.evaluate("isSecureContext") is False
    page.keyboard.press("/")
    page.locator("#palette-list [role=option]").first.wait_for()
    page.keyboard.press("Escape")
    page.locator('[popovertarget="look"]').click()
    page.locator('[data-theme-choice="dark"]').click()
    page.reload()
    assert page.locator("html").get_attribute("data-bs-theme") == "dark"

"""What a strict policy forbids is in no template and no script (#5), and icons are those that are shipped."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from services.gateway.pages.render import TEMPLATES
from services.gateway.pages.static import FOLDER

ROOT = Path(__file__).parents[3]
PAGES = sorted(TEMPLATES.rglob("*.html"))
SCRIPTS = sorted((FOLDER / "js").glob("*.js"))
BANNED = {
    "an htmx handler": r"hx-on",
    "values by script": r"""hx-(vals|headers)=(["'])\s*(js|javascript):""",
    "a trigger filter": r"""hx-trigger=(["'])[^"']*\[""",
    "the browser's own question": r"hx-confirm",
    "boosted links": r"hx-boost",
    "a style attribute": r"\sstyle\s*=",
    "a style element": r"<style",
    "a script without a source": r"<script(?![^>]*\ssrc=)",
    "an event attribute": r"\son[a-z]+\s*=\s*[\"']",
    "a script address": r"javascript:",
    "another site": r"""(?:src|href)=(["'])(?:https?:)?//(?!t\.me/)""",  # a person's Telegram is only linked to
    "unescaped text": r"\|\s*safe\b|autoescape\s+false",
}
BREACHES = [
    '<p hx-on:click="x()">', "<p hx-vals='js:{a: 1}'>", '<p hx-trigger="click[ctrlKey]">', '<a hx-confirm="Sure?">',
    '<body hx-boost="true">', '<p style="top: 0">', "<style>p {}</style>", "<script>x()</script>",
    '<p onclick="x()">', '<a href="javascript:x()">', '<script src="//other.example/x.js"></script>', "{{ name|safe }}",
]  # fmt: skip


def breaches(text: str) -> list[str]:
    return [what for what, pattern in BANNED.items() if re.search(pattern, text, re.IGNORECASE)]


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.relative_to(TEMPLATES).as_posix())
def test_a_template_has_nothing_that_the_policy_forbids(path: Path):
    assert breaches(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(("what", "text"), list(zip(BANNED, BREACHES, strict=True)))
def test_a_planted_breach_is_found(what: str, text: str):
    assert what in breaches(text)


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_a_script_makes_no_code_of_text_and_no_style_attribute(path: Path):
    text = path.read_text(encoding="utf-8")
    found = re.findall(
        r"\beval\(|new Function|setTimeout\(\s*[\"'`]|setAttribute\(\s*[\"']style|\.cssText|insertAdjacentHTML", text
    )
    assert found == []
    assert not re.search(r"navigator\.(clipboard|serviceWorker)|randomUUID", text), "not there without a secure context"


def test_every_icon_in_use_is_shipped_and_no_other():
    listed = (ROOT / "assets/icons.txt").read_text(encoding="utf-8").split()
    sources = [*PAGES, *(TEMPLATES.parent / "pages").rglob("*.py")]
    texts = "\n".join(path.read_text(encoding="utf-8") for path in sources)
    assert listed == sorted(set(listed))
    assert [name for name in listed if f'"{name}"' not in texts] == []
    named = set(re.findall(r'\bicon\("([\w-]+)"', texts)) | set(re.findall(r'\bsign="([\w-]+)"', texts))
    assert named - set(listed) == set()
    sprite = (FOLDER / "vendor/icons.svg").read_text(encoding="utf-8")
    assert re.findall(r'<symbol id="([\w-]+)"', sprite) == listed

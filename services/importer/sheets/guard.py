"""Looks through an XLSX file before it is read: a file made to fill memory or to reach elsewhere is refused (#5)."""

from __future__ import annotations

import zipfile
import zlib
from io import BytesIO
from typing import IO
from xml.parsers import expat

from services.importer.sheets.table import COLUMNS, Measure, refused

INFLATED_BYTES = 250_000_000
_RATIO = 150
_SMALL = 10_000_000
"""Bytes that any file may inflate to, however well it is packed."""
_PARTS = 5_000
_WIDEST = 16_384
"""Cells of a row, empty ones too, in any spreadsheet."""
_ROW_NUMBERS = 1_048_576
_OLD = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_AGAIN = "open it in a spreadsheet program and save it as XLSX anew"


def check(file: str, data: bytes) -> None:
    """Raise Invalid, naming the file and the remedy, unless it is an XLSX that can be read safely."""
    if data.startswith(_OLD):
        raise refused(file, "it is protected by a password or of the old XLS kind; save it as XLSX without a password")
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            _check_parts(file, archive, len(data))
            for part in archive.infolist():
                with archive.open(part) as content:
                    _look(file, part.filename, content)
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError, expat.ExpatError, ValueError) as error:
        raise refused(file, f"it is damaged ({error}); {_AGAIN}, or as CSV") from error


def _check_parts(file: str, archive: zipfile.ZipFile, size: int) -> None:
    parts = archive.infolist()
    names = {part.filename for part in parts}
    if "xl/workbook.xml" not in names:
        raise refused(file, f"it holds no XLSX workbook; {_AGAIN}")
    if len(parts) > _PARTS or len(names) != len(parts):
        raise refused(file, f"it has too many parts, or parts of one name; {_AGAIN}")
    if any(part.flag_bits & 1 for part in parts):
        raise refused(file, "it is protected by a password; save it without one")
    if any("externallink" in name.lower() for name in names):
        raise refused(file, "it takes values from other files; break these links, or save the sheet as CSV")
    inflated = sum(part.file_size for part in parts)
    if inflated > INFLATED_BYTES or (inflated > _SMALL and inflated > size * _RATIO):
        raise refused(file, f"it unpacks to {inflated:,} bytes, which is too much; split it, or save it as CSV")


def _look(file: str, part: str, content: IO[bytes]) -> None:
    """Look through a part whatever its name says, for a workbook may call anything a sheet; a picture is no XML."""
    try:
        _Look(file).through(content)
    except expat.ExpatError:
        if part.lower().endswith((".xml", ".rels")):
            raise


class _Look:
    """Walks over one part without keeping it: no declarations that expand, no sheet beyond the limits."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.measure = Measure(file)
        self.cells = self.filled = self.widest = self.column = 0
        self.parser = expat.ParserCreate(namespace_separator=" ")
        self.parser.StartDoctypeDeclHandler = self._declared
        self.parser.StartElementHandler = self._root

    def through(self, content: IO[bytes]) -> None:
        """Raise Invalid or ExpatError for what must not be read."""
        self.parser.ParseFile(content)

    def _declared(self, *_: object) -> None:
        raise refused(self.file, f"it declares entities, as no spreadsheet program does; {_AGAIN}")

    def _root(self, name: str, _: object) -> None:
        """Hear what is in a sheet, and nothing of other parts."""
        sheet = name.rpartition(" ")[2] == "worksheet"
        self.parser.StartElementHandler = self._start if sheet else None
        self.parser.EndElementHandler = self._end if sheet else None

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        tag = name.rpartition(" ")[2]
        if tag == "c":
            self.cells += 1
            self.column = _column(attributes.get("r", "")) or self.column + 1
            if self.cells > _WIDEST or self.column > _WIDEST:
                raise refused(self.file, f"it has more than {COLUMNS} columns; delete those you do not need")
        elif tag in ("v", "is"):
            self.filled += 1
            self.widest = max(self.widest, self.column)
        elif tag == "row":
            self.cells = self.filled = self.widest = self.column = 0
            number = attributes.get("r", "1")
            if not (number.isascii() and number.isdigit() and len(number) < 9 and int(number) <= _ROW_NUMBERS):
                raise refused(self.file, f"it has a row numbered {number[:20]!r}; {_AGAIN}")

    def _end(self, name: str) -> None:
        if name.rpartition(" ")[2] == "row":
            self.measure.take(self.widest, self.filled)


def _column(reference: str) -> int:
    """Return the column of a cell's reference, 28 of AB12; 0 without one."""
    column = 0
    for letter in reference[:8]:
        if not "A" <= letter <= "Z":
            break
        column = column * 26 + ord(letter) - 64
    return column

"""A workbook read back: by another program's reader, and as the XML that it is."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from python_calamine import CalamineWorkbook

MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
RELATED = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
OUR_FORMULA = re.compile(r'COUNTIFS\(((?:clips_\w+,"[a-z-]+:#?[A-Za-z0-9._:-]+",?)+)\)')
_PAIR = re.compile(r'(clips_\w+),"([^"]+)"')
_PLACE = re.compile(r"'?(?P<sheet>.+?)'?!\$(?P<column>[A-Z]+)\$(?P<first>\d+):\$[A-Z]+\$(?P<last>\d+)")


@dataclass(frozen=True, slots=True)
class Formula:
    """One formula cell with the value that is written beside it."""

    sheet: str
    place: str
    text: str
    cached: float


@dataclass(frozen=True, slots=True)
class Parts:
    """Everything in the file."""

    files: Mapping[str, bytes]
    sheets: Mapping[str, str]
    """name → path of its XML"""
    names: Mapping[str, str]
    """defined name → what it stands for"""
    formulas: tuple[Formula, ...]


def read_parts(path: Path) -> Parts:
    """Unpack; every XML part must be well-formed."""
    with zipfile.ZipFile(path) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    for name, body in files.items():
        if name.endswith((".xml", ".rels")):
            ElementTree.fromstring(body)
    book = ElementTree.fromstring(files["xl/workbook.xml"])
    rels = ElementTree.fromstring(files["xl/_rels/workbook.xml.rels"])
    targets = {one.attrib["Id"]: f"xl/{one.attrib['Target']}" for one in rels}
    sheets = {one.attrib["name"]: targets[one.attrib[RELATED]] for one in book.iter(f"{MAIN}sheet")}
    names = {one.attrib["name"]: one.text or "" for one in book.iter(f"{MAIN}definedName")}
    formulas = []
    for sheet, part in sheets.items():
        for cell in ElementTree.fromstring(files[part]).iter(f"{MAIN}c"):
            formula = cell.find(f"{MAIN}f")
            if formula is not None:
                cached = cell.find(f"{MAIN}v")
                assert cached is not None
                assert cached.text
                formulas.append(Formula(sheet, cell.attrib["r"], formula.text or "", float(cached.text)))
    return Parts(files, sheets, names, tuple(formulas))


def evaluate(parts: Parts, book: CalamineWorkbook, formula: str) -> int:
    """What one of our COUNTIFS gives over the clip list, worked out without any spreadsheet."""
    assert OUR_FORMULA.fullmatch(formula), formula
    found: set[int] | None = None
    for name, wanted in _PAIR.findall(formula):
        place = _PLACE.fullmatch(parts.names[name])
        assert place is not None
        rows = book.get_sheet_by_name(place["sheet"].replace("''", "'")).to_python(skip_empty_area=False)
        at = column_number(place["column"])
        matching = {
            number
            for number in range(int(place["first"]), int(place["last"]) + 1)
            if rows[number - 1][at] == wanted
        }
        found = matching if found is None else found & matching
    return len(found or ())


def column_number(letters: str) -> int:
    """A → 0, AA → 26."""
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number - 1


def rows_of(book: CalamineWorkbook, sheet: str) -> list[list[Any]]:
    """Every row, empty ones too."""
    return book.get_sheet_by_name(sheet).to_python(skip_empty_area=False)

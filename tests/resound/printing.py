"""What tests ask a PDF by poppler's programs, and by looking into its streams."""

from __future__ import annotations

import re
import shutil
import subprocess
import unicodedata
import zlib
from html import unescape
from pathlib import Path

import pytest

needs_poppler = pytest.mark.skipif(
    shutil.which("pdftotext") is None, reason="poppler's programs are not installed: make system"
)


def ask(program: str, *words: str) -> str:
    """What a program of poppler says of a PDF."""
    return subprocess.run([program, *words], capture_output=True, text=True, check=True, timeout=120).stdout


def text_of(pdf: Path) -> str:
    """Its text, pages one after another."""
    return ask("pdftotext", str(pdf), "-")


def letters(text: str) -> str:
    """The characters of a text that are drawn, in the form in which they can be compared."""
    return "".join(char for char in unicodedata.normalize("NFKC", text) if not char.isspace())


def info_of(pdf: Path) -> dict[str, str]:
    """`pdfinfo`: Title, Author, Tagged, JavaScript, Pages …"""
    pairs = (line.partition(":") for line in ask("pdfinfo", str(pdf)).splitlines())
    return {name: value.strip() for name, _, value in pairs}


def objects_of(pdf: Path) -> bytes:
    """Everything that is written in it, unpacked: dictionaries of tags, links, bookmarks."""
    data = pdf.read_bytes()
    found = [data]
    for match in re.finditer(rb"stream\r?\n", data):
        try:
            found.append(zlib.decompressobj().decompress(data[match.end() :]))
        except zlib.error:
            continue
    return b"\n".join(found)


def outside_pages(pdf: Path) -> list[str]:
    """Words of which a part lies outside their page."""
    lost = []
    width = height = 0.0
    for line in ask("pdftotext", "-bbox", str(pdf), "-").splitlines():
        if page := re.search(r'<page width="([\d.]+)" height="([\d.]+)"', line):
            width, height = float(page[1]), float(page[2])
        elif word := re.search(
            r'<word xMin="(-?[\d.]+)" yMin="(-?[\d.]+)" xMax="(-?[\d.]+)" yMax="(-?[\d.]+)">(.*)</word>', line
        ):
            left, top, right, bottom = (float(one) for one in word.groups()[:4])
            if left < 0 or top < 0 or right > width or bottom > height:
                lost.append(word[5])
    return lost


def bookmarks_of(pdf: Path) -> list[str]:
    """The titles of its bookmarks, in their order."""
    xml = ask("pdftohtml", "-xml", "-i", "-stdout", str(pdf))
    outline = xml.partition("<outline>")[2].rpartition("</outline>")[0]
    return [unescape(one) for one in re.findall(r"<item[^>]*>(.*?)</item>", outline, re.DOTALL)]

"""What many tests share."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real pages, feeds and texts; tests that need it are skipped where it is not there."""
    folder = Path(os.environ.get("RESOUND_SHARED_DATA", ROOT.parent / "shared" / "data"))
    if not (folder / "README.md").is_file():
        pytest.skip(f"no folder of real pages at {folder} (set RESOUND_SHARED_DATA to run this)")
    return folder

"""What the API's description allows is asked, and what it does not: nothing breaks, and every answer fits its form."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from starlette.testclient import TestClient

from api.access import find_visitor
from tests.api.conftest import make_app


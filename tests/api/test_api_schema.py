"""What the API's description allows is asked, and what it does not: nothing breaks, and every answer fits its form."""

from __future__ import annotations

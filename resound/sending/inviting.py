"""Many readers at once, from what a person pastes: a line for each, and for each line what became of it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from email.utils import parseaddr
from typing import Literal

from sqlalchemy import Connection

from resound.errors import ConflictError, ResoundError
from resound.sending.subscribing import subscribe
from resound.settings import UI_LANGUAGES, UiLanguage
from resound.store.lists import Subscription
from resound.texts import N_
from resound.told import Told

MOST = 1_000
"""Lines at once: each is a letter to be made."""
_NAMES: dict[str, UiLanguage] = {
    **{one.casefold(): one for one in UI_LANGUAGES},
    "zh": "zh-Hant", "zh-tw": "zh-Hant", "中文": "zh-Hant", "繁體中文": "zh-Hant", "chinese": "zh-Hant", "tiếng trung": "zh-Hant",
    "english": "en", "英文": "en", "英語": "en", "tiếng anh": "en",
    "vietnamese": "vi", "越文": "vi", "越南文": "vi", "越南語": "vi", "tiếng việt": "vi",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Line:
    """One line as it was read; `language` None where it names none."""

    number: int
    text: str
    address: str
    name: str
    language: UiLanguage | None


@dataclass(frozen=True, slots=True)
class Invited:
    """What became of a line. `asked`: they are mailed and have to confirm; `added`: they read it from now on."""

    line: Line
    state: Literal["asked", "added", "already", "refused"]
    sentence: str = ""


def read_people(text: str) -> list[Line]:
    """Every line that holds anything: an address, and in any order a name and a language.

    `lin@cpc.example`, `林志清 <lin@cpc.example>, zh-Hant`, or cells parted by tabs, commas or semicolons, as they come out
    of a spreadsheet. What is no address stays as it is: `invite_people` says so.
    """
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        cells = [cell.strip().strip('"').strip() for cell in re.split(r"[\t,;，；]", line)]
        cells = [cell for cell in cells if cell]
        if not cells:
            continue
        with_at = next((cell for cell in cells if "@" in cell), cells[0])
        name, address = parseaddr(with_at) if "<" in with_at else ("", with_at)
        rest = [cell for cell in cells if cell is not with_at]
        language = next((_NAMES[cell.casefold()] for cell in rest if cell.casefold() in _NAMES), None)
        names = [cell for cell in rest if cell.casefold() not in _NAMES]
        called = " ".join(" ".join([*names, name]).split())
        found.append(Line(number, line.strip(), address or with_at, called[:200], language))
    return found


def invite_people(
    connection: Connection,
    list_id: str,
    lines: list[Line],
    *,
    language: UiLanguage,
    consent: str,
    ask: Callable[[Subscription], None],
    who: str,
    now: datetime,
) -> list[Invited]:
    """Put each of them on a list, in the caller's transaction. One that cannot be leaves the others as they are.

    Args:
        language: of those whose line names none.
        consent: how their consent is known; empty: each is asked, through `ask`, and reads it once they have confirmed.
    """
    if len(lines) > MOST:
        raise ResoundError(Told(N_("At most %(most)s lines are taken at once."), most=MOST))
    done = []
    seen: set[str] = set()
    for line in lines:
        if line.address.casefold() in seen:
            done.append(Invited(line, "already", Told(N_("This address stands further up already."))))
            continue
        seen.add(line.address.casefold())
        try:
            made = subscribe(
                connection,
                list_id,
                line.address,
                name=line.name,
                language=line.language or language,
                who=who,
                why=consent,
                is_confirmed=bool(consent),
                now=now,
            )
        except ConflictError as err:
            done.append(Invited(line, "already", err.args[0]))
            continue
        except ResoundError as err:
            done.append(Invited(line, "refused", err.args[0]))
            continue
        if not made.is_read:
            ask(made)
        done.append(Invited(line, "added" if made.is_read else "asked"))
    return done

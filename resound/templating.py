"""Templates in one language: of pages, of mail and of printed reports."""

from __future__ import annotations

from jinja2 import Environment, PackageLoader, StrictUndefined

from resound.words import Words


def template_environment(package: str, spoken: Words) -> Environment:
    """The templates of a package. Everything is escaped; a name that nobody set is an error; `gettext` is the reader's."""
    made = Environment(
        loader=PackageLoader(package),
        autoescape=True,
        undefined=StrictUndefined,
        extensions=["jinja2.ext.i18n"],
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.install_gettext_callables(spoken.lookup, spoken.plural, newstyle=True)  # type: ignore[attr-defined]
    return made

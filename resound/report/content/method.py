"""How the figures came about, what their words mean, and what is left out on purpose."""

from __future__ import annotations

from collections.abc import Iterator

from resound.report.content.laid import Laid
from resound.report.tables import Column, ReportTable, Row, Section
from resound.texts import N_

DEFINITIONS: tuple[tuple[str, str], ...] = (
    (
        N_("Item (clip)"),
        N_(
            "One publication by one outlet in one edition and one medium, with stored evidence, matching the campaign and "
            "accepted. One canonical URL is one item for ever: an edit is a version of it. Another URL of the same outlet, "
            "edition and medium with near-duplicate text is the same item within 24 hours, else a new item marked as a "
            "re-run. Print and online are two; each airing is one."
        ),
    ),
    (
        N_("Accepted"),
        N_(
            "A person (or, where the campaign is set so, the matcher, and then every figure says so) decided that it is "
            "coverage. Unreviewed matches are shown beside a count, never added to it."
        ),
    ),
    (
        N_("Counted"),
        N_(
            "Accepted earned items. Owned, paid and release-verbatim items each have their own row beside, never added."
        ),
    ),
    (
        N_("Lead (known of, not read)"),
        N_(
            "Something that is known of and cannot or may not be read (robots.txt, a paywall, a script, a search engine's "
            "link): listed and numbered, never counted."
        ),
    ),
    (
        N_("Story"),
        N_(
            "The items that come from one original text, translations included. Two independent reports of one event are "
            "two stories. People's merges and splits are stored."
        ),
    ),
    (
        N_("Outlet"),
        N_(
            "A titled medium under editorial control, known by the article's final URL, never by the feed that led to it. "
            "Language editions are attributes of it. An unknown host is a provisional outlet: listed, not counted until "
            "name, owner and country are set. A copy on an aggregator (Yahoo奇摩, LINE TODAY, Báo Mới, Google News) is "
            "“also seen at”: never an item or an outlet."
        ),
    ),
    (N_("Publisher group"), N_("Outlets with one owner.")),
    (
        N_("Origin"),
        N_(
            "Original reporting, agency pick-up, release verbatim, owned or partner, paid. Only the first two are earned."
        ),
    ),
    (N_("Media type"), N_("Online, print, television, radio or news agency.")),
    (
        N_("Window"),
        N_(
            "Inclusive calendar days in the outlet's own time zone. An item without a date, or with a suspect one, waits "
            "for a person."
        ),
    ),
    (
        N_("Prominence"),
        N_("The highest of headline, lead, body and caption in which the campaign is named."),
    ),
    (
        N_("Tone"),
        N_(
            "How the target reader would feel about the named entity: positive, neutral, negative. The machine proposes "
            "from the passages that name it, a person decides, from the original or from a machine translation, which is "
            "recorded; both are kept with who and when."
        ),
    ),
    (
        N_("Message pull-through"),
        N_("The share of earned items that carry at least one key message; the passage is quoted."),
    ),
    (
        N_("Spokesperson"),
        N_(
            "A listed person to whom a quotation is attributed: proposed with the passage, confirmed in review."
        ),
    ),
    (
        N_("Share of voice"),
        N_(
            "The campaign, out of the campaign and its comparators together; all matched by machine, same sources, same "
            "window."
        ),
    ),
    (
        N_("Agreement"),
        N_("Krippendorff's alpha over items coded twice; “not available (one coder)” where so."),
    ),
    (
        N_("Other languages"),
        N_(
            "A language that is not Chinese, English or Vietnamese is matched on names as written, reviewed and counted "
            "in a row of its own; nothing is rejected for its language."
        ),
    ),
    (
        N_("Frozen"),
        N_(
            "Every figure is of a snapshot of values as of one moment: titles, owners, tone and story do not change in it. "
            "What is different in a later one appears as a reconciliation."
        ),
    ),
    (
        N_("At least (≥)"),
        N_(
            "A source that bears on the figure was not read on every day of the window, or is not read by machine (its items "
            "came by hand): there may be more."
        ),
    ),
    (
        N_("Do not add"),
        N_(
            "Stories, outlets and publisher groups may stand in several rows of a table. Such columns do not add up; the "
            "last row prints the number of distinct ones."
        ),
    ),
)


def lay_method(laid: Laid) -> Section:
    """How it was found, who decided, what was searched for, by which models; and what this report never says."""
    _, campaign = laid.words.gettext, laid.snapshot.campaign
    number, sha256 = laid.snapshot.definition
    review = (
        _("This campaign accepts what the matcher finds; nobody has read every counted item.")
        if campaign.review == "auto"
        else _(
            "A person reads every match and accepts or rejects it; only what a person accepted is counted."
        )
    )
    return Section(
        "method",
        _("Method, definitions and exclusions"),
        (
            _(
                "Feeds, sitemaps and listing pages of the registered outlets are read; every response is kept as received "
                "before anything reads it. Originals, never translations, are matched against the campaign's names and "
                "queries."
            ),
            review,
            _(
                "Counts are outputs: they say what was published, not what it brought about. Four of them (items, stories, "
                "outlets, publisher groups) always stand together."
            ),
            _(
                "In line with the Barcelona Principles and AMEC's Integrated Evaluation Framework this report holds no "
                "advertising value equivalents (AVE) and uses no multipliers."
            ),
            _(
                "Translations, tone proposals and themes are made by machine, which is said wherever they stand. No count "
                "rests on them; the share of voice is matched by machine on both sides."
            ),
            _(
                "Not counted: what nobody has reviewed, what was rejected, owned, paid and release-verbatim items, items "
                "outside the window or without a certain date, provisional outlets, copies on aggregators, and leads."
            ),
            laid.gettext(
                "Every figure comes from snapshot %(number)s of the campaign's definition %(version)s. SHA-256 of the "
                "snapshot: %(sha256)s; of the definition: %(definition)s.",
                number=laid.row.number,
                version=number,
                sha256=laid.row.sha256,
                definition=sha256,
            ),
        ),
        (_definitions(laid), _searched(laid), _models(laid)),
    )


def _definitions(laid: Laid) -> ReportTable:
    _ = laid.words.gettext
    return ReportTable(
        key="definitions",
        title=_("Definitions"),
        columns=(Column("term", _("Term")), Column("definition", _("Definition"))),
        rows=tuple(Row((_(term), _(meaning))) for term, meaning in DEFINITIONS),
    )


def _searched(laid: Laid) -> ReportTable:
    """What was looked for, as it stood."""
    _ = laid.words.gettext
    return ReportTable(
        key="searched",
        title=_("What was searched for"),
        columns=(
            Column("kind", _("Kind")),
            Column("language", _("Language")),
            Column("text", _("Form or query")),
        ),
        rows=tuple(Row(cells) for cells in _looked_for(laid)),
    )


def _looked_for(laid: Laid) -> Iterator[tuple[str, str | None, str]]:
    _, campaign = laid.words.gettext, laid.snapshot.campaign

    def language(key: str) -> str:
        return _("any language") if key == "any" else laid.words.language_name(key)

    for term in campaign.names:
        for key, forms in term.forms.items():
            yield _("Name"), language(key), laid.words.enumerate(forms)
        if term.collides:
            yield _("Name that also means something else"), None, laid.words.enumerate(term.collides)
    if campaign.context:
        yield _("Context that such a name needs"), None, campaign.context
    for key, query in campaign.queries.items():
        yield _("Query"), language(key), query
    if campaign.exclude:
        yield _("Excluded"), None, campaign.exclude
    for message in campaign.messages:
        name = message.text.best(laid.words.language)
        yield laid.gettext("Key message: %(name)s", name=name), None, message.query
    for other in campaign.comparators:
        name = other.name.best(laid.words.language)
        yield laid.gettext("Comparator: %(name)s", name=name), None, other.query


def _models(laid: Laid) -> ReportTable:
    """Which models did what; the demo's say themselves that they are."""
    _ = laid.words.gettext
    made: dict[tuple[str, str], int] = {}
    for clip in laid.book:
        done = [(_("Translation"), one.made_by) for one in clip.translations.values()]
        if clip.proposed_tone is not None:
            done.append((_("Tone proposal"), clip.proposed_tone.made_by))
        if clip.topics is not None:
            done.append((_("Themes"), clip.topics.made_by))
        for key in dict.fromkeys(done):
            made[key] = made.get(key, 0) + 1
    rows = [Row((work, model, number)) for (work, model), number in sorted(made.items())]
    return ReportTable(
        key="models",
        title=_("Machine work"),
        columns=(
            Column("work", _("Work")),
            Column("model", _("Model")),
            Column("clips", _("Clips"), "number"),
        ),
        rows=tuple(rows),
        notes=() if rows else (_("No machine has read these items yet."),),
    )

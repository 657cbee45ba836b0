"""The query language: parse → tree → expand by a glossary → evaluate, with spans on the original text.

`tree` says what a query means, `parse` reads it, `evaluate` is the matcher, `resound.index` the indexes; a property
test holds them to the same answer.
"""

from resound.query.document import AnalysedDocument, Document, analyse_document
from resound.query.evaluate import Span, evaluate, spans
from resound.query.expand import Expansion, expand
from resound.query.forms import FormHit, FormMatcher
from resound.query.glance import Glance, may_hold
from resound.query.parse import parse
from resound.query.tree import EVERYTHING, FIELD_NAMES, FIELDS, KEYWORDS, Query

__all__ = [
    "EVERYTHING",
    "FIELDS",
    "FIELD_NAMES",
    "KEYWORDS",
    "AnalysedDocument",
    "Document",
    "Expansion",
    "FormHit",
    "FormMatcher",
    "Glance",
    "Query",
    "Span",
    "analyse_document",
    "evaluate",
    "expand",
    "may_hold",
    "parse",
    "spans",
]

"""Sentences that the store keeps as English text, found again in what is kept, so that pages say them in the reader's language.

Why a page could not be fetched or read, why the index is in trouble, why a model's work waits, what became of a mail: these are
written down when they happen, in logs and in the store, and shown much later. A sentence of which no pattern is known stays as it is. What the
crawler says is known to `resound.watching.crawl_words`.
"""

from __future__ import annotations

import re
from functools import cache

from resound.texts import N_
from resound.told import Told
from resound.watching.crawl_words import SENTENCES, compile_sentences, recognise

KEPT: tuple[str, ...] = (
    N_("The server asks to be left alone (HTTP %(status)s)."),
    N_("Its server asked to be left alone until %(moment)s UTC."),
    N_("The server says that it is not there (HTTP %(status)s)."),
    N_("It is sold (HTTP 402)."),
    N_("It may not be shown for legal reasons (HTTP 451)."),
    N_("The server answered HTTP %(status)s."),
    N_("It could not be fetched (%(why)s)."),
    N_("It took more than %(seconds)s seconds, redirects included."),
    N_("Reading the page took more than %(seconds)s seconds."),
    N_("The process that read the page ended with code %(code)s."),
    N_("Begun %(times)s times and never ended; the process stopped each time."),
    N_("A page's evidence is lost: %(file)s, %(length)s bytes from byte %(offset)s: %(why)s."),
    N_("the file is not there"),
    N_("The index refused it: %(why)s"),
    N_("Elasticsearch refused it (%(code)s): %(why)s"),
    N_(
        "The index %(path)s cannot be used (%(why)s). It is derived from the store: `resound reindex` builds it anew, and nothing is lost."
    ),
    N_(
        "The index %(path)s was made by another version of Resound. It is derived from the store: `resound reindex` builds it anew, and nothing is lost."
    ),
    N_("The index %(path)s cannot be used: %(why)s."),
    N_(
        "The index is of another store or a later state of this one (its last change is %(cursor)s, the store's is %(newest)s): `resound reindex` builds it anew, and nothing is lost."
    ),
    N_(
        "The index %(path)s holds another store's articles, not this one's (it was copied, or the store was put in another's place): `resound reindex --take-over` builds it anew from this store, and nothing is lost."
    ),
    N_(
        "The index %(name)s in Elasticsearch holds another store's articles, not this one's: give this store an index of its own by another RESOUND_ELASTICSEARCH_PREFIX. Only where the index shall be this store's from now on, `resound reindex --take-over` builds it anew from this store; the other one then has none there."
    ),
    N_(
        "Elasticsearch at %(place)s cannot be reached: is it running, and is the address right? The store is not touched: crawling and reading go on, search is behind, and it catches up by itself."
    ),
    N_(
        "Elasticsearch at %(place)s did not answer in time: it is overloaded, or the time-out is too short. The store is not touched: crawling and reading go on, search is behind, and it catches up by itself."
    ),
    N_(
        "Elasticsearch at %(place)s shows a certificate that cannot be trusted: name the CA's file in the settings, or correct it. The store is not touched: crawling and reading go on, search is behind, and it catches up by itself."
    ),
    N_("Elasticsearch at %(place)s refuses the API key or the password: correct it in the settings."),
    N_(
        "Elasticsearch at %(place)s takes nothing in: its index is blocked (%(why)s). Where its disk is full, make room; the block is then lifted by itself. The store is not touched: crawling and reading go on, search is behind, and it catches up by itself."
    ),
    N_(
        "Elasticsearch at %(place)s has too much to do (%(why)s): try again later. The store is not touched: crawling and reading go on, search is behind, and it catches up by itself."
    ),
    N_(
        "Elasticsearch at %(place)s cannot answer now (%(why)s). The store is not touched: crawling and reading go on, search is behind, and it catches up by itself."
    ),
    N_(
        "Elasticsearch at %(place)s does not speak TLS there: write http:// in the settings, or name the port that speaks it. The store is not touched: crawling and reading go on, search is behind, and it catches up by itself."
    ),
    N_(
        "The file %(file)s holds no certificate that can be read (PEM), so Elasticsearch at %(place)s cannot be trusted: correct it, or name another one in the settings. The store is not touched: crawling and reading go on, search is behind, and it catches up by itself."
    ),
    N_(
        "Elasticsearch at %(place)s does not allow this to its user (%(why)s): its role needs monitor and manage_index_templates of the cluster, and read, write and manage of %(indexes)s. docs/operations.md shows it."
    ),
    N_(
        "Elasticsearch at %(place)s refused a request (%(code)s: %(why)s). `resound doctor` says more; `resound reindex` builds it anew."
    ),
    N_("What answers at %(place)s is not Elasticsearch: correct the address in the settings."),
    N_("No language models are chosen: `resound models list` shows what there is."),
    N_("There is not enough memory for the model."),
    N_("The model took more than %(seconds)s seconds a text."),
    N_("The models' process was ended by the system, most likely for want of memory."),
    N_("The models' process ended by itself (code %(code)s)."),
    N_("The model failed: %(why)s"),
    N_("No model of the profile %(name)s translates %(from)s into %(to)s."),
    N_("Nobody reads the list."),
    N_("They no longer read this list."),
    N_("Given up after %(days)s days."),
    N_("Given up after %(days)s days. %(why)s"),
    N_("The process that sent it ended before the server's answer was written down."),
    N_("It waited when the backup was made; whether it was sent afterwards is not known."),
    N_("The connection was lost before the message: %(why)s"),
    N_("The connection was lost after DATA: %(why)s"),
    N_("The mail server %(place)s cannot be used: %(why)s"),
    N_("The store was busy."),
)


def tell_again(sentence: str) -> str:
    """A kept sentence with the pattern that it was made of, inner sentences, too; as it is where none is known."""
    if isinstance(sentence, Told):
        return sentence
    for pattern, written in _patterns():
        hit = written.fullmatch(sentence)
        if hit is not None:
            return Told(pattern, **{name: tell_again(value) for name, value in hit.groupdict().items()})
    crawled = recognise(sentence)
    return crawled if crawled.pattern in SENTENCES else sentence


@cache
def _patterns() -> tuple[tuple[str, re.Pattern[str]], ...]:
    return compile_sentences(KEPT)

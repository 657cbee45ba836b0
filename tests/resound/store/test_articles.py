"""Articles, versions, other addresses, and the feed of changes that the index reads."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from resound.article import Article, FoundDate
from resound.store import Store
from resound.store.articles import (
    Placement,
    find_article,
    list_aliases,
    list_changes,
    list_versions,
    load_articles,
    record_change,
    store_article,
)

HERE = Placement("item", "example-news", "en", "online")


def put(store: Store, read: Article, seen: datetime) -> tuple[str, str]:
    with store.write() as connection:
        stored = store_article(connection, read, HERE, seen=seen)
    return stored.article, stored.result


def test_an_edit_is_a_version_of_the_same_article(store: Store, article: Article, now: datetime) -> None:
    edited = replace(article, paragraphs=(*article.paragraphs, "A correction."))
    later = now + timedelta(hours=1)
    assert [put(store, one, at)[1] for one, at in ((article, now), (article, now), (edited, later))] == [
        "new",
        "unchanged",
        "edited",
    ]
    with store.read() as connection:
        (key,) = load_articles(connection, [put(store, article, now)[0]])
        stored = load_articles(connection, [key])[key]
        assert stored.article == edited
        assert stored.first_seen == now
        assert len(list_versions(connection, key)) == 2


def test_the_order_of_reading_does_not_matter(store: Store, article: Article, now: datetime) -> None:
    """A replay may read an old record after a new one: the wording seen last is the current one."""
    edited = replace(article, title="Another headline")
    put(store, edited, now)
    key, _ = put(store, article, now - timedelta(days=1))
    with store.read() as connection:
        stored = load_articles(connection, [key])[key]
    assert stored.article.title == "Another headline"
    assert stored.first_seen == now - timedelta(days=1)


def test_twins_are_one_article_and_every_address_finds_it(
    store: Store, article: Article, now: datetime
) -> None:
    amp = replace(article, url="https://news.example/amp/2014/10/02/story-10001-a.html", title="AMP headline")
    key, _ = put(store, article, now)
    assert put(store, amp, now + timedelta(hours=1)) == (key, "edited")
    with store.read() as connection:
        addresses = [
            article.url,
            f"{article.url}?utm_source=x",
            amp.url,
            key,
            "http://www.news.example/2014/10/02/story-10001.html",
        ]
        assert [find_article(connection, one) for one in addresses] == [key] * len(addresses)
        assert find_article(connection, "https://news.example/other-20002") is None
        assert find_article(connection, "not an address") is None
        assert len(list_aliases(connection, key)) == 1
        # What was only read at its AMP address never replaces what the canonical address says.
        assert load_articles(connection, [key])[key].article.title == article.title


def test_dates_survive_storing(store: Store, article: Article, now: datetime) -> None:
    dates = (
        FoundDate("json-ld", "2014-10-02T10:15+07:00", at=datetime(2014, 10, 2, 3, 15, tzinfo=UTC)),
        FoundDate("text", "民國103年10月2日", day=date(2014, 10, 2), suspect="ambiguous"),
    )
    read = replace(article, published=dates[0], updated=dates[1], notes=("paywall",))
    key, _ = put(store, read, now)
    with store.read() as connection:
        assert load_articles(connection, [key])[key].article == read


def test_a_new_date_alone_is_a_change(store: Store, article: Article, now: datetime) -> None:
    key, _ = put(store, article, now)
    dated = replace(article, published=FoundDate("meta", "2014-10-02", day=date(2014, 10, 2)))
    with store.write() as connection:
        stored = store_article(connection, dated, HERE, seen=now + timedelta(hours=1))
    assert (stored.article, stored.result, stored.is_moved) == (key, "unchanged", True)


def test_the_cursor_of_changes_misses_nothing_and_tells_each_once(store: Store) -> None:
    with store.write() as connection:
        for one in ("a", "b", "a", "c"):
            record_change(connection, [one, one])
        assert list_changes(connection, after=0, limit=2) == (["a", "b"], 2)
        rest, cursor = list_changes(connection, after=2, limit=99)
        assert rest == ["a", "c"]
        assert list_changes(connection, after=cursor, limit=9) == ([], cursor)
        record_change(connection, ["b"])
        assert list_changes(connection, after=cursor, limit=9)[0] == ["b"]


def test_a_cursor_stays_true_when_old_changes_are_gone(store: Store) -> None:
    """Numbers are never given twice, or the index would pass over what is new."""
    from sqlalchemy import text

    with store.write() as connection:
        record_change(connection, ["a", "b"])
        _, cursor = list_changes(connection, after=0, limit=9)
        connection.execute(text("DELETE FROM change"))
        record_change(connection, ["c"])
        assert list_changes(connection, after=cursor, limit=9)[0] == ["c"]

"""Marks on the text as it is shown: at the right place, whatever overlaps, and the text stays what it was."""

from hypothesis import given, settings
from hypothesis import strategies as st

from resound.article import Article, LanguageGuess, field_parts, text_fields
from resound.showing.marking import Mark, Piece, Placed, cut, place, stretches

NAME, SEARCH = Mark("name", "綠耕隊"), Mark("search")
GUESS = LanguageGuess("zh", "Hant", "zh-Hant", 1.0)
short = st.text(alphabet="ab綠耕隊 \n", max_size=8)
articles = st.builds(
    lambda title, paragraphs, cut_at, lead, captions: Article(
        url="https://news.example/1",
        canonical_url="https://news.example/1",
        title=title,
        paragraphs=tuple(paragraphs),
        language=GUESS,
        lead=paragraphs[0][:cut_at] if paragraphs and cut_at else lead,
        captions=tuple(captions),
    ),
    short,
    st.lists(short, max_size=3),
    st.integers(0, 8),
    short,
    st.lists(short, max_size=2),
)


def test_overlapping_marks_part_the_text_where_they_begin_and_end() -> None:
    found = cut("abcdef", [Placed(1, 4, NAME), Placed(2, 6, SEARCH)])
    assert found == (
        Piece("a"),
        Piece("b", (NAME,)),
        Piece("cd", (NAME, SEARCH)),
        Piece("ef", (SEARCH,)),
    )


def test_the_same_mark_twice_side_by_side_is_one_piece() -> None:
    assert cut("abcd", [Placed(0, 2, NAME), Placed(2, 4, NAME)]) == (Piece("abcd", (NAME,)),)


@settings(deadline=None)
@given(short, st.lists(st.tuples(st.integers(-2, 9), st.integers(-2, 9)), max_size=6))
def test_pieces_together_are_the_text(text: str, spans: list[tuple[int, int]]) -> None:
    pieces = cut(text, [Placed(start, end, NAME) for start, end in spans])
    assert "".join(one.text for one in pieces) == text
    assert all(one.text for one in pieces)
    marked = {at for start, end in spans for at in range(max(0, start), min(len(text), end))}
    at = 0
    for one in pieces:
        assert {place in marked for place in range(at, at + len(one.text))} == {bool(one.marks)}
        at += len(one.text)


@settings(deadline=None)
@given(articles, st.data())
def test_a_mark_on_a_field_lies_on_the_same_words_of_the_article(
    article: Article, data: st.DataObject
) -> None:
    texts, parts = text_fields(article), field_parts(article)
    where = {name: stretches(found) for name, found in parts.items()}
    name = data.draw(st.sampled_from(sorted(texts)))
    start = data.draw(st.integers(0, len(texts[name])))
    end = data.draw(st.integers(start, len(texts[name])))
    blocks = {
        "title": (article.title,),
        "lead": (article.lead,),
        "paragraph": article.paragraphs,
        "caption": article.captions,
    }
    found = place(where, [(name, start, end, NAME)])
    marked = "".join(
        blocks[of][number][low:high]
        for (of, number), placed in sorted(found.items(), key=lambda one: one[0][1])
        for low, high, _ in placed
    )
    wanted = texts[name][start:end]
    # Newlines between paragraphs belong to none of them; those inside one stay.
    assert marked.replace("\n", "") == wanted.replace("\n", "")

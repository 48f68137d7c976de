"""What is shown of ranked passages: grown by fitting neighbours, nothing twice, within the limits."""

from __future__ import annotations

from collections.abc import Sequence

from core.retrieval.passage_ranking import RankedPassage
from core.retrieval.selection import MOST_CHARS, PassageRun, select
from core.store.documents.passages import PassageSpan

LENGTH = 400


def ranked(
    document: int, ordinal: int, score: float, *, content_score: float | None = None, page: int | None = None
) -> RankedPassage:
    start = ordinal * (LENGTH + 2)
    passage = PassageSpan(document * 100 + ordinal, document, ordinal, start, start + LENGTH, page, "")
    return RankedPassage(passage, score, score if content_score is None else content_score)


def chosen(
    *passages: RankedPassage, limit: int = 10, max_chars: int | None = None, same: Sequence[int] = ()
) -> list[PassageRun]:
    def terms_of(passage: PassageSpan) -> list[str]:
        name = "same" if passage.id in same else str(passage.id)
        return [f"{name}.{n}" for n in range(12)]

    best_first = sorted(passages, key=lambda r: -r.score)
    return select(best_first, limit=limit, max_chars=max_chars, terms_of=terms_of)


def runs_of(found: Sequence[PassageRun]) -> list[tuple[int, int, int]]:
    """Document, first and last ordinal of each run."""
    return [(run.first.document_id, run.first.ordinal, run.last.ordinal) for run in found]


FLOOR = ranked(9, 0, 0.0)


def test_a_passage_grows_by_neighbours_that_fit_the_question() -> None:
    found = chosen(ranked(1, 3, 1.0), ranked(1, 4, 0.7), ranked(1, 2, 0.2), FLOOR)
    assert runs_of(found)[0] == (1, 3, 4)


def test_a_passage_does_not_grow_beyond_its_page() -> None:
    found = chosen(ranked(1, 3, 1.0, page=0), ranked(1, 4, 0.9, page=1), FLOOR)
    assert runs_of(found)[:2] == [(1, 3, 3), (1, 4, 4)]


def test_runs_have_a_maximum_length() -> None:
    found = chosen(*(ranked(1, n, 1.0 - n / 100) for n in range(20)), FLOOR)
    assert all(run.length <= MOST_CHARS for run in found)
    assert len({n for s in found for n in range(s.first.ordinal, s.last.ordinal + 1) if s.first.document_id == 1}) == 20


def test_nothing_is_shown_twice() -> None:
    found = chosen(*(ranked(1, n, 1.0 - n / 100) for n in range(20)), FLOOR)
    shown = [(s.first.document_id, n) for s in found for n in range(s.first.ordinal, s.last.ordinal + 1)]
    assert len(shown) == len(set(shown))


def test_a_repetition_in_the_same_document_is_left_out() -> None:
    found = chosen(ranked(1, 1, 1.0), ranked(1, 9, 0.9), ranked(2, 1, 0.8), FLOOR, same=(101, 109))
    assert runs_of(found) == [(1, 1, 1), (2, 1, 1), (9, 0, 0)]


def test_a_copy_in_another_document_is_left_out() -> None:
    found = chosen(ranked(1, 1, 1.0), ranked(2, 1, 0.9), FLOOR, same=(101, 201))
    assert runs_of(found) == [(1, 1, 1), (9, 0, 0)]


def test_the_limits_of_passages_and_characters_hold() -> None:
    many = [ranked(n, 0, 1.0 - n / 100) for n in range(1, 9)]
    assert len(chosen(*many, limit=3)) == 3
    within = chosen(*many, max_chars=1000)
    assert len(within) == 2
    assert sum(s.length for s in within) <= 1000


def test_a_character_limit_below_any_passage_selects_none() -> None:
    assert chosen(ranked(1, 1, 1.0), max_chars=100) == []


def spread_over(*passages: RankedPassage, limit: int) -> list[tuple[int, int, int]]:
    best_first = sorted(passages, key=lambda r: -r.score)
    found = select(
        best_first,
        limit=limit,
        max_chars=None,
        terms_of=lambda p: [f"{p.id}.{n}" for n in range(12)],
        spread=True,
    )
    return runs_of(found)


def test_spread_gives_each_fitting_document_one_before_any_gets_two() -> None:
    found = [ranked(1, 9 * n, 1.0 - n / 100) for n in range(6)]
    others = [ranked(2, 0, 0.85), ranked(3, 0, 0.8), ranked(3, 9, 0.78), ranked(4, 0, 0.5)]
    assert runs_of(chosen(*found, *others, limit=3)) == [(1, 0, 0), (1, 9, 9), (1, 18, 18)]
    assert spread_over(*found, *others, limit=3) == [(1, 0, 0), (2, 0, 0), (3, 0, 0)]
    assert spread_over(*found, *others, limit=5) == [(1, 0, 0), (1, 9, 9), (2, 0, 0), (3, 0, 0), (3, 9, 9)]


def test_spread_continues_with_one_document_where_no_other_fits() -> None:
    found = [ranked(1, 9 * n, 1.0 - n / 100) for n in range(4)]
    assert spread_over(*found, ranked(2, 0, 0.2), limit=4) == [(1, 0, 0), (1, 9, 9), (1, 18, 18), (1, 27, 27)]
    assert spread_over(*found, ranked(2, 0, 0.2), limit=5)[-1] == (2, 0, 0)

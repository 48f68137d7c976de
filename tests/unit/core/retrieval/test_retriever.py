"""Searching a real library: by keywords alone and with the real all-MiniLM-L6-v2."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from core.domain.documents import SearchResult
from core.jobs import Job
from core.parsing.process.pool import ParserPool
from core.retrieval.retriever import Retriever
from models.embedder import Embedder
from tests.support.libraries import OpenLibrary, minilm, open_library

FAQ = """# Operations

#### Is Docker the only way to install and run it?

Docker is an efficient way to deploy it, but not the only one. You can also build it from its sources.

#### Where does it store data?

Inserted data is kept in object storage as incremental logs; metadata is kept in etcd.

#### Why do my results change?

Recall depends on the index type and on the parameters of the search.
"""
REPORT = """Aviation Accident Final Report

Location: {place}    Registration: {registration}

Analysis. The pilot failed to keep directional control during the landing roll, and the airplane left the runway.

Owner of the aircraft: {owner}. The aircraft was inspected in the month before the accident.

Investigator in charge: {investigator}. The docket of this investigation is kept at the records office.
"""
REPORTS = [
    ("Wausau", "N2151J", "Wausau Flying Service", "Jim Silliman"),
    ("Latrobe", "N103JT", "On file", "Todd Gunther"),
    ("Madill", "N6135M", "Versatile Aviation", "William Gamble"),
    ("Houston", "N1458U", "J & D Aircraft", "Jason Aguilera"),
]


@pytest.fixture(scope="module")
def embedder(minilm_gguf: Path) -> Iterator[Embedder]:
    with minilm(minilm_gguf) as embedder:
        yield embedder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "documents"
    put(folder / "faq.md", FAQ)
    for number, (place, registration, owner, investigator) in enumerate(REPORTS):
        text = REPORT.format(place=place, registration=registration, owner=owner, investigator=investigator)
        put(folder / "reports" / f"report {number}.txt", text)
    put(folder / "BESTBUY 2023 Q3.txt", "Net sales of the quarter rose by four percent.")
    put(folder / "NIKE 2023 Q3.txt", "Net sales of the quarter fell by two percent.")
    put(folder / "日本.txt", "データはオブジェクトストレージに保存されます。")
    return folder


def put(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


@pytest.fixture
def opened(tmp_path: Path, pool: ParserPool, folder: Path) -> Iterator[OpenLibrary]:
    with open_library(tmp_path / "data", pool) as opened:
        opened.index(folder)
        yield opened


@pytest.fixture
def search(opened: OpenLibrary) -> Callable[..., SearchResult]:
    return Retriever(opened.database, opened.vectors, lambda: None).search


def names(result: SearchResult) -> list[str]:
    return [passage.path.name for passage in result.passages]


def test_a_passage_says_where_it_is(search: Callable[..., SearchResult], folder: Path) -> None:
    first = search("Where is data stored?").passages[0]
    assert first.path == folder / "faq.md"
    assert FAQ[first.start : first.end] == first.text
    assert "incremental logs" in first.text
    assert (first.rank, first.page) == (1, None)


def test_the_right_one_of_near_identical_files_is_found(search: Callable[..., SearchResult]) -> None:
    for place, registration, owner, investigator in REPORTS:
        assert owner in search(f"Who owned the aircraft registered {registration}?").passages[0].text
        assert investigator in search(f"Who was the investigator in charge in {place}?").passages[0].text


def test_names_and_quarters_in_file_names_are_found(search: Callable[..., SearchResult]) -> None:
    assert (
        names(search("How did net sales of Best Buy change in the third quarter of 2023?"))[0] == "BESTBUY 2023 Q3.txt"
    )
    assert names(search("net sales of Nike"))[0] == "NIKE 2023 Q3.txt"


def test_scripts_without_spaces_are_found(search: Callable[..., SearchResult]) -> None:
    assert names(search("データはどこに保存されますか"))[0] == "日本.txt"


def test_a_search_can_be_limited_to_documents(opened: OpenLibrary, search: Callable[..., SearchResult]) -> None:
    ids = {document.path.name: document.id for document in opened.library.documents()}
    found = search("net sales", documents=frozenset({ids["NIKE 2023 Q3.txt"]}))
    assert names(found) == ["NIKE 2023 Q3.txt"]
    assert found.documents_searched == 1
    assert search("net sales", documents=frozenset()).passages == ()


def test_limits_hold_and_passages_do_not_overlap(search: Callable[..., SearchResult]) -> None:
    found = search("aircraft accident report", limit=3, max_chars=900).passages
    assert len(found) <= 3
    assert sum(len(passage.text) for passage in found) <= 900
    spans = [(p.document_id, p.start, p.end) for p in search("aircraft accident report").passages]
    assert not [(a, b) for a in spans for b in spans if a < b and a[0] == b[0] and a[2] > b[1]]


@pytest.mark.parametrize("query", ["", "   ", "???", '"', "zxqv wvut", "NEAR(a b)", "the"])
def test_a_query_that_finds_nothing_is_no_fault(search: Callable[..., SearchResult], query: str) -> None:
    assert search(query).documents_searched == 8


def test_an_empty_library_is_searched(tmp_path: Path, pool: ParserPool) -> None:
    with open_library(tmp_path / "empty", pool) as opened:
        found = Retriever(opened.database, opened.vectors, lambda: None).search("anything")
    assert (found.passages, found.documents_searched, found.answerability) == ((), 0, 0.0)


def test_a_search_sees_what_was_added_and_removed(
    opened: OpenLibrary, search: Callable[..., SearchResult], folder: Path
) -> None:
    put(folder / "new.txt", "Pickled gherkins keep for a year.")
    opened.index(folder)
    assert names(search("pickled gherkins"))[0] == "new.txt"
    (folder / "new.txt").unlink()
    opened.index(folder)
    assert "new.txt" not in names(search("pickled gherkins"))


def test_embeddings_find_other_words(tmp_path: Path, pool: ParserPool, folder: Path, embedder: Embedder) -> None:
    with open_library(tmp_path / "data", pool, lambda: embedder) as opened:
        opened.index(folder)
        retriever = Retriever(opened.database, opened.vectors, lambda: embedder)
        found = retriever.search("Do I need containers to set it up?")
        assert found.semantic
        assert "Docker is an efficient way" in found.passages[0].text
        answerable = retriever.search("Where does it store data?").answerability
        assert answerable > retriever.search("What did the mayor of Oslo have for breakfast?").answerability


def test_an_english_embedding_model_is_not_used_for_other_scripts(
    tmp_path: Path, pool: ParserPool, folder: Path, embedder: Embedder
) -> None:
    with open_library(tmp_path / "data", pool, lambda: embedder) as opened:
        opened.index(folder)
        found = Retriever(opened.database, opened.vectors, lambda: embedder).search("データはどこに保存されますか")
    assert names(found)[0] == "日本.txt"
    assert not found.semantic


def test_an_explanation_adds_up_to_the_score(opened: OpenLibrary, embedder: Embedder) -> None:
    opened.library.index(None, Job())
    retriever = Retriever(opened.database, opened.vectors, lambda: embedder)
    result = retriever.search("Who owned the aircraft registered N2151J?", explain=True)
    assert [p.text for p in result.passages] == [p.text for p in retriever.search(result.query).passages]
    for passage in result.passages:
        assert passage.why is not None
        parts = (
            passage.why.passage_score,
            passage.why.neighbour_score,
            passage.why.embedding_score,
            passage.why.document_score,
            passage.why.rank_bonus,
        )
        assert sum(parts) == pytest.approx(passage.score)
    why = result.passages[0].why
    assert why is not None
    assert why.keyword_rank == 1
    by_term = {term.term: term for term in why.terms}
    assert by_term["n2151j"].count == 1
    assert sum(term.document_weight for term in why.terms) == pytest.approx(why.document_score)


def test_nothing_is_explained_unless_asked_for(search: Callable[..., SearchResult]) -> None:
    assert all(passage.why is None for passage in search("Where is data stored?").passages)


def test_the_latest_of_the_fitting_documents_comes_first(tmp_path: Path, pool: ParserPool) -> None:
    for year in (2021, 2023, 2022):
        for company in ("Acme", "Globex"):
            put(
                tmp_path / "docs" / f"{company} {year}.txt", f"{company} annual report. The gross margin was 4{year} %."
            )
    with open_library(tmp_path / "data", pool) as opened:
        opened.index(tmp_path / "docs")
        search = Retriever(opened.database, opened.vectors, lambda: None).search
        assert names(search("What was the gross margin of Globex in its latest report?"))[0] == "Globex 2023.txt"
        assert names(search("What was the gross margin of Globex in 2021?"))[0] == "Globex 2021.txt"


def test_a_date_on_every_page_does_not_outweigh_the_name_asked_for(tmp_path: Path, pool: ParserPool) -> None:
    footer = "\n\nAcme Inc. | Q3 2022 Form 10-Q | Page {n}\n\n"
    acme = "".join(f"Gross margin and operating expenses, part {n}." + footer.format(n=n) for n in range(30))
    globex = "".join(f"Notes of Globex on segment {n}.\n\n" for n in range(30)) + "The gross margin rose to 61 %."
    put(tmp_path / "docs" / "2022 Q3 ACME.txt", acme)
    put(tmp_path / "docs" / "2022 Q3 GLBX.txt", globex)
    with open_library(tmp_path / "data", pool) as opened:
        opened.index(tmp_path / "docs")
        search = Retriever(opened.database, opened.vectors, lambda: None).search
        found = names(search("What was the gross margin of Globex in Q3 2022?"))
        assert found[0] == "2022 Q3 GLBX.txt"


def test_a_month_is_found_in_file_names(tmp_path: Path, pool: ParserPool) -> None:
    for month in ("02", "03", "04"):
        put(tmp_path / "docs" / f"2023-{month} report.txt", "Income grew, and expenses fell a little.")
    with open_library(tmp_path / "data", pool) as opened:
        opened.index(tmp_path / "docs")
        search = Retriever(opened.database, opened.vectors, lambda: None).search
        assert names(search("Did expenses fall in the March report?"))[0] == "2023-03 report.txt"

"""Dates in names and beginnings of documents, and questions that ask for the latest."""

from __future__ import annotations

import pytest

from core.retrieval.document_dates import asks_for_latest, date_of, recency


@pytest.mark.parametrize(
    ("name", "year", "month"),
    [
        ("2023 Q3 AAPL.pdf", 2023, 9),
        ("report-2021-04-30.pdf", 2021, 4),
        ("20210430.txt", 2021, 4),
        ("BESTBUY_2024Q2_10Q.pdf", 2024, 6),
        ("8K_dated-2022-05-20.pdf", 2022, 5),
        ("Minutes of March 12, 2020.docx", 2020, 3),
        ("minutes Mar 2018", 2018, 3),
        ("NIKE_2018_10K.pdf", 2018, 12),
        ("relatorio-marco-2023.pdf", 2023, 3),
        ("Ata de 12 de março de 2023.docx", 2023, 3),
        ("Bericht März 2023.pdf", 2023, 3),
        ("Protokoll 3. Okt. 2021", 2021, 10),
        ("Informe de septiembre del 2022", 2022, 9),
        ("Rapport août 2019.pdf", 2019, 8),
        ("verbale 4 giugno 2020", 2020, 6),
        ("Sept 2021 minutes", 2021, 9),
        ("2023年3月 議事録.pdf", 2023, 3),
        ("会议纪要2023年12月5日", 2023, 12),
    ],
)
def test_a_date_is_read_as_exactly_as_it_is_written(name: str, year: int, month: int) -> None:
    assert date_of(name) == 12 * year + month


def test_the_name_counts_before_the_beginning() -> None:
    assert date_of("report 2020.pdf", "March 2023") == date_of("2020")
    assert date_of("report.pdf", "March 2023") == date_of("2023-03")
    assert date_of("report.pdf", "no date") is None
    assert date_of("invoice 120210430.pdf") is None


@pytest.mark.parametrize(
    "question",
    [
        "What does the latest report say?",
        "gross margin in the most recent 10-Q",
        "o relatório mais recente",
        "最新の報告は？",
    ],
)
def test_questions_ask_for_the_latest_in_many_languages(question: str) -> None:
    assert asks_for_latest(question)


def test_other_questions_do_not() -> None:
    assert not asks_for_latest("What is the last name of the owner?")


def test_the_latest_date_gains_most_and_equal_dates_the_same() -> None:
    assert recency({1: 24000, 2: 24003, 3: None, 4: 24003, 5: 23000}) == {2: 1, 4: 1, 1: 0.5, 5: 0.25}

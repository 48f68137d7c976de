"""Citations: an answer's numbers are compared with the passages they name."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.citations import checker
from core.citations.support import support
from core.domain.documents import Citation, Support

STORAGE = (
    "Milvus deals with two types of data, inserted data and metadata. Inserted data, including vector data, scalar "
    "data, and collection-specific schema, are stored in persistent storage as incremental log. Milvus supports "
    "multiple object storage backends, including MinIO, AWS S3, and Azure Blob Storage. Metadata are generated within "
    "Milvus and stored in etcd."
)
REPORT = "Net sales rose 7 % to $1,874 million in 2022, while Anna Keller left the board on 3 May. Cash was $ 2,936."


def source(number: int, quote: str, start: int = 100) -> Citation:
    return Citation(
        number, number, Path(f"/d/{number}.md"), "", None, "", start, start + len(quote), quote, Support.UNCHECKED
    )


@pytest.mark.parametrize(
    ("claim", "passage"),
    [
        ("Inserted data are stored in persistent storage as incremental log.", STORAGE),
        ("Metadata is stored in **etcd**.", STORAGE),
        ("Milvus can keep objects in MinIO, AWS S3 or Azure Blob Storage.", STORAGE),
        ("In 2022, net sales were $1874 million, a rise of 7%.", REPORT),
        ("Anna Keller left the board on May 3.", REPORT),
        ("Etcd is where metadata generated within Milvus is stored.", STORAGE),
    ],
)
def test_a_true_sentence_is_supported(claim: str, passage: str) -> None:
    assert support(claim, passage) is Support.SUPPORTED


@pytest.mark.parametrize(
    ("claim", "passage"),
    [
        ("In 2022, net sales were $1,784 million, a rise of 7 %.", REPORT),
        ("Net sales rose 9 % in 2022.", REPORT),
        ("The chair, Maria Keller, left the board on 3 May.", REPORT),
        ("Metadata is stored in PostgreSQL.", STORAGE),
        ("Anna Keller left the board on 3 June.", REPORT),
        ("The board met in Kellerhausen.", REPORT),
        ("The warranty of the washing machine ends after two years.", STORAGE),
    ],
)
def test_an_altered_number_or_name_or_an_unrelated_sentence_is_caught(claim: str, passage: str) -> None:
    assert support(claim, passage) is Support.NOT_FOUND


@pytest.mark.parametrize(
    ("claim", "passage"),
    [
        ("Anna Keller left on 2022-05-03.", "In May 2022, on the 3rd (2022-05-03), Anna Keller left."),
        ("She left in May 2022.", "She left on 03.05.2022."),
        ("The total was 940.", "Rent | 900\nHeating | 40\nThe total | 940"),
        ("Die Miete des Mietvertrags steigt.", "Der Mietvertrag sagt: Die Miete steigt im Mai."),
    ],
)
def test_dates_rows_and_endings_do_not_make_a_true_sentence_doubtful(claim: str, passage: str) -> None:
    assert support(claim, passage) is Support.SUPPORTED


def test_another_language_is_not_called_unsupported_but_a_wrong_number_in_it_is() -> None:
    passage = "The monthly rent of the flat is 940 euros, and it is due on the third working day."
    assert support("O aluguel mensal do apartamento é de 940 euros.", passage) is Support.UNCHECKED
    assert support("O aluguel mensal do apartamento é de 990 euros.", passage) is Support.NOT_FOUND
    assert support("月租是940欧元。", passage) is Support.UNCHECKED


def test_a_number_of_another_sentence_is_doubted() -> None:
    passage = "Net sales rose to $1,874 million in 2022. The pension fund of the workers held cash of $ 2,936 in May."
    assert support("Net sales rose to $2,936 million in 2022.", passage) is Support.WEAK


@pytest.mark.parametrize(
    ("claim", "passage"),
    [("Net sales were 7", "Net sales were 7.5 million"), ("sales of 12", "sales of 125"), ("Ann left", "Johann left")],
)
def test_words_stand_only_where_they_end_and_begin(claim: str, passage: str) -> None:
    assert support(claim, passage) is not Support.SUPPORTED


def test_a_row_of_a_table_is_one_sentence_and_an_abbreviation_ends_none() -> None:
    answer = "| Mr. Keller. Anna | 12 | [1] |\n\nMr. Keller left No. 5 [2]. He e.g. sold it [3]."
    assert [(claim.text, claim.numbers) for claim in checker.claims(answer)] == [
        ("Mr. Keller. Anna | 12", (1,)), ("Mr. Keller left No. 5 .", (2,)), ("He e.g. sold it .", (3,)),
    ]  # fmt: skip


LEASE = (
    "The monthly rent is 940 euros, due on the third working day. Net sales were 100 in 2021 and 120 in 2022. "
    "The deposit is two months' rent. The tenant may keep one cat."
)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("1. The monthly rent is 940 euros [1].", Support.SUPPORTED),
        ("7) The deposit is two months' rent [1].", Support.SUPPORTED),
        ("(2) The deposit is two months' rent [1].", Support.SUPPORTED),
        ("- **Rent:** 940 euros a month [1]", Support.SUPPORTED),
        ("- **Rent:** 960 euros a month [1]", Support.NOT_FOUND),
        (
            "The rent is 940 euros, due on the third working day, and the tenant may keep one cat [1].",
            Support.SUPPORTED,
        ),
        (
            "The rent is 945 euros, due on the third working day, and the tenant may keep one cat [1].",
            Support.NOT_FOUND,
        ),
        ("Net sales were 100 in 2022, and the tenant may keep one cat [1].", Support.WEAK),
        ("The tenant may not keep one cat, and the monthly rent is 940 euros [1].", Support.WEAK),
    ],
)
def test_items_of_a_list_and_several_facts_in_a_sentence(line: str, expected: Support) -> None:
    (found,) = checker.check_sentences(line, [source(1, LEASE)])
    assert found.support is expected


def test_a_row_of_an_answers_table_is_read_under_its_head() -> None:
    answer = (
        "| Year | Net sales | Where |\n|---|---|---|\n| 2021 | 100 | [1] |\n"
        "| 2022 | 120 | [1] |\n| 2022 | 100 | [1] |\n"
        "\n| Matter | What was agreed |\n|---|---|\n| Rent | 940 euros [1] |\n| Rent | 120 euros [1] |\n"
    )
    found = [sentence.support for sentence in checker.check_sentences(answer, [source(1, LEASE)])]
    assert found == [Support.SUPPORTED, Support.SUPPORTED, Support.WEAK, Support.SUPPORTED, Support.WEAK]


def test_numbers_are_read_from_every_way_a_model_writes_them() -> None:
    answer = "One [1]. Two [2, 3]. Three [4][5]. Four 【6†L1-L4】. A [link](x), a [note] and [1999](y)."
    assert checker.cited_numbers(answer) == (1, 2, 3, 4, 5, 6)
    assert checker.normalise_marks("x 【6†L1-L4】 and [2, 3]") == "x [6] and [2][3]"


def test_marks_after_the_full_stop_belong_to_the_sentence_before() -> None:
    assert checker.claims("Metadata are stored in etcd. [1]\nNext line.") == (
        checker.Claim("Metadata are stored in etcd.", (1,), 0, 32),
    )


def test_the_quote_is_the_sentence_that_supports_the_claim() -> None:
    (checked,) = checker.check("Metadata is kept in etcd [1].", [source(1, STORAGE)])
    assert checked.quote == "Metadata are generated within Milvus and stored in etcd."
    assert (checked.start, checked.end) == (100 + STORAGE.index("Metadata are"), 100 + len(STORAGE))
    assert checked.support is Support.SUPPORTED


def test_a_number_that_no_source_has_cites_nothing() -> None:
    assert checker.check("It is so [7].", [source(1, STORAGE)]) == ()


def test_a_source_counts_as_its_least_supported_sentence() -> None:
    answer = "Metadata is stored in etcd [1]. Metadata is stored in Oracle [1]."
    (checked,) = checker.check(answer, [source(1, STORAGE)])
    assert checked.support is Support.NOT_FOUND


def test_other_scripts_are_compared_too() -> None:
    passage = "東京タワーの高さは333メートルで、1958年に完成した。"
    assert support("東京タワーの高さは333メートルです。", passage) is Support.SUPPORTED
    assert support("東京タワーの高さは634メートルです。", passage) is Support.NOT_FOUND


@given(st.text(max_size=300), st.text(max_size=300))
def test_no_text_breaks_the_check(answer: str, quote: str) -> None:
    for checked in checker.check(answer + " [1] 【2】", [source(1, quote), source(2, STORAGE)]):
        assert 100 <= checked.start <= checked.end
        assert checked.support in Support

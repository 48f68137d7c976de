"""Citations: an answer's numbers are compared with the passages they name."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.chat import citations
from core.chat.support import support
from core.values import Citation, Support

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
        ("The warranty of the washing machine ends after two years.", STORAGE),
    ],
)
def test_an_altered_number_or_name_or_an_unrelated_sentence_is_caught(claim: str, passage: str) -> None:
    assert support(claim, passage) is Support.NOT_FOUND


def test_numbers_are_read_from_every_way_a_model_writes_them() -> None:
    answer = "One [1]. Two [2, 3]. Three [4][5]. Four 【6†L1-L4】. A [link](x), a [note] and [1999](y)."
    assert citations.cited_numbers(answer) == (1, 2, 3, 4, 5, 6)
    assert citations.normalise_marks("x 【6†L1-L4】 and [2, 3]") == "x [6] and [2][3]"


def test_marks_after_the_full_stop_belong_to_the_sentence_before() -> None:
    assert citations.claims("Metadata are stored in etcd. [1]\nNext line.") == (
        citations.Claim("Metadata are stored in etcd.", (1,), 0, 32),
    )


def test_the_quote_is_the_sentence_that_supports_the_claim() -> None:
    (checked,) = citations.check("Metadata is kept in etcd [1].", [source(1, STORAGE)])
    assert checked.quote == "Metadata are generated within Milvus and stored in etcd."
    assert (checked.start, checked.end) == (100 + STORAGE.index("Metadata are"), 100 + len(STORAGE))
    assert checked.support is Support.SUPPORTED


def test_a_number_that_no_source_has_cites_nothing() -> None:
    assert citations.check("It is so [7].", [source(1, STORAGE)]) == ()


def test_a_source_counts_as_its_least_supported_sentence() -> None:
    answer = "Metadata is stored in etcd [1]. Metadata is stored in Oracle [1]."
    (checked,) = citations.check(answer, [source(1, STORAGE)])
    assert checked.support is Support.NOT_FOUND


def test_other_scripts_are_compared_too() -> None:
    passage = "東京タワーの高さは333メートルで、1958年に完成した。"
    assert support("東京タワーの高さは333メートルです。", passage) is Support.SUPPORTED
    assert support("東京タワーの高さは634メートルです。", passage) is Support.NOT_FOUND


@given(st.text(max_size=300), st.text(max_size=300))
def test_no_text_breaks_the_check(answer: str, quote: str) -> None:
    for checked in citations.check(answer + " [1] 【2】", [source(1, quote), source(2, STORAGE)]):
        assert 100 <= checked.start <= checked.end
        assert checked.support is not Support.UNCHECKED

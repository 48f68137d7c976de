"""A number counts what it counts in the passage; a name is the passage's, also where no capital tells it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.citations.number_context import number_contexts
from core.citations.support import support
from core.domain.documents import Support

NOTE = (
    "Northwind sold 140 boats in 2021 and 165 boats in 2022. The yard in Oslo employs 48 people. "
    "Repairs took 30 days on average, and the warranty runs for 24 months. Insurance cost 1.2 million euros."
)
TABLE = """
| Year | Net sales | Staff |
|------|-----------|-------|
| 2021 | 100       | 48    |
| 2022 | 120       | 52    |
"""

YEARS = "| Item | 2021 | 2022 |\n|---|---|---|\n| Net sales | 1,874 | 1,950 |\n| Debt | 310 | 290 |"


@pytest.mark.parametrize(
    ("claim", "passage"),
    [
        ("Net sales were 1,874 in 2021.", YEARS),
        ("Debt was 310 in 2021 and 290 in 2022.", YEARS),
        ("In 2022, Northwind sold 165 boats.", NOTE),
        ("Northwind sold 165 boats in 2022, after 140 in 2021.", NOTE),
        ("The Oslo yard has 48 people.", NOTE),
        ("On average, repairs took 30 days.", NOTE),
        ("The warranty lasts 24 months.", NOTE),
        ("Net sales were 120 in 2022.", TABLE),
        ("In 2021 net sales came to 100, with a staff of 48.", TABLE),
        ("A staff of 52 made net sales of 120 in 2022.", TABLE),
        ("北京在2008年举办了奥运会。", "2008年，北京举办了夏季奥运会，共有204个国家参加。"),
    ],
)
def test_a_number_among_its_own_words_is_supported(claim: str, passage: str) -> None:
    assert support(claim, passage) is Support.SUPPORTED


@pytest.mark.parametrize(
    ("claim", "passage"),
    [
        ("Net sales were 1,950 in 2021.", YEARS),
        ("Debt was 290 in 2021.", YEARS),
        ("Net sales were 290 in 2022.", YEARS),
        ("In 2022, Northwind sold 140 boats.", NOTE),
        ("Northwind sold 48 boats in 2022.", NOTE),
        ("The yard in Oslo employs 165 people.", NOTE),
        ("The warranty runs for 30 months.", NOTE),
        ("Repairs took 24 days on average.", NOTE),
        ("The warranty runs for 24 days.", NOTE),
        ("Insurance cost 1.2 billion euros.", NOTE),
        ("Net sales were 120 in 2021.", TABLE),
        ("Net sales were 52 in 2022.", TABLE),
        ("In 2021 the staff was 52.", TABLE),
        ("北京奥运会共有11438个国家。", "2008年，北京举办了奥运会，共有204个国家，11438名运动员参加。"),
    ],
)
def test_a_number_of_the_passage_in_anothers_place_is_doubted(claim: str, passage: str) -> None:
    assert support(claim, passage) is Support.WEAK


@pytest.mark.parametrize(
    ("claim", "passage"),
    [
        ("Globex sold 140 boats in 2021.", NOTE),
        ("Southwind's yard in Oslo employs 48 people.", NOTE),
        ("Strain rrf-2 has 3 more males.", "Strain rrf-3 has 3 more males than strain rrf-1."),
        ("大会は大阪で開催された。", "大会は東京で開催された。参加国は三か国であった。"),
        ("这座大桥由上海建筑公司建成。", "这座大桥由北京建筑公司建成，全长五公里。"),
        ("大会の主催はOslo協会である。", "大会の主催はBergen協会である。"),
        ("東京では、大会が三回開催された。", "また、大阪では、大会が三回開催された。"),
        ("資料によると、大阪は会議の場所である。", "市は古い。ローマが会議の場所である。"),
        ("这家新上海出版社位于河边。", "这家新北京出版社位于河边。"),
        ("这座大桥全长八公里。", "这座大桥由北京建筑公司建成，全长五公里。"),
    ],
)
def test_another_name_is_caught_where_no_capital_tells_it(claim: str, passage: str) -> None:
    assert support(claim, passage) is Support.NOT_FOUND


@pytest.mark.parametrize(
    ("claim", "passage"),
    [
        ("Customers wanted boats: Northwind sold 140 boats in 2021.", NOTE),
        ("GPT-4 costs 3 euros now.", "GPT 4 costs 3 euros, GPT-3 costs 1 euro."),
        ("Overall, Northwind sold 140 boats in 2021.", NOTE),
        ("Insuring the yard cost 1.2 million euros: insurance.", NOTE),
        ("大会の主催はOslo協会です。", "大会の主催は、Oslo協会である。"),
        ("文中提到，大桥由北京建筑公司建成。", "于是，大桥由北京建筑公司建成。"),
        ("大会は東京で実施された。", "大会は東京で開催された。参加国は三か国であった。"),
        ("这座大桥是由北京建筑公司修建的。", "这座大桥由北京建筑公司建成，全长五公里。"),
    ],
)
def test_other_words_for_the_same_are_no_names(claim: str, passage: str) -> None:
    assert support(claim, passage) is Support.SUPPORTED


NAMES = ("rent", "staff", "sales", "profit", "debt", "stock")


@given(st.permutations(NAMES), st.lists(st.integers(10, 9999), min_size=6, max_size=6, unique=True), st.integers(1, 5))
def test_any_two_numbers_of_a_list_may_not_change_places(names: list[str], numbers: list[int], other: int) -> None:
    passage = " ".join(f"The {name} came to {n} euros." for name, n in zip(names, numbers, strict=True))
    assert support(f"{names[0]} amounted to {numbers[0]} euros", passage) is Support.SUPPORTED
    assert support(f"{names[0]} amounted to {numbers[other]} euros", passage) is not Support.SUPPORTED


@given(st.text(alphabet="ab 1,.%|-\n年月万中京", max_size=60), st.text(alphabet="ab 1,.%|-\n年月万中京", max_size=60))
def test_any_text_can_be_compared_and_supports_itself(claim: str, passage: str) -> None:
    assert support(claim, passage) in Support
    for figure in number_contexts(passage):
        assert all(away >= 0 for away in figure.around.values())
    if any(char.isalnum() for char in claim):
        assert support(claim, f"{passage}\n{claim}") is not Support.NOT_FOUND

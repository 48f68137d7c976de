"""Numbers and dates that an answer writes otherwise than the passage: rounded, scaled, in words, in another order."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.citations.dates import dates_in
from core.citations.quantities import quantities_in, restated
from core.citations.support import support
from core.domain.documents import Support

REPORT = (
    "The company reported net sales of 1,213,400 euros in March 2021. Operating costs fell to 812,300 euros. "
    "Three ships were sold. The factory in Oslo was closed on 3 May 2021, and the fleet was insured on 5 June 2021. "
    "Guests stayed 11.6 nights on average."
)
TABLE = (
    "Results (in millions)\n| Item | 2021 | 2022 |\n|---|---|---|\n| Net sales | 1,874 | 1,950 |\n| Debt | 310 | 290 |"
)


@pytest.mark.parametrize(
    ("claim", "passage"),
    [
        ("Net sales were about 1.2 million euros in March 2021.", REPORT),
        ("Net sales were roughly €1.21 million.", REPORT),
        ("Net sales were more than 1.2 million euros.", REPORT),
        ("The company had net sales of nearly 1.22 million euros.", REPORT),
        ("Operating costs fell to around 812 thousand euros.", REPORT),
        ("Guests stayed about 12 nights on average.", REPORT),
        ("3 ships were sold.", REPORT),
        ("Three ships were sold.", "In the end, 3 ships were sold. The other four ships were kept."),
        ("Three million ships were sold.", "They sold 3 million ships, and 2 million ships in 2019."),
        ("该公司亏损 7 亿美元。", "该公司净亏损 7 亿美元，去年利润为 46 亿美元。"),
        ("Two ships were sold in Oslo.", "The ships Fram and Ellida were sold in Oslo."),
        ("The factory in Oslo was closed on 2021-05-03.", REPORT),
        ("The factory in Oslo closed on May 3rd, 2021.", REPORT),
        ("The factory in Oslo was closed on 5/3/2021.", REPORT),
        ("The factory in Oslo closed in May 2021.", REPORT),
        ("Net sales were about 1.9 billion in 2021.", TABLE),
        ("Os custos foram de cerca de 1,2 milhão de euros.", "Os custos foram de 1.213.400 euros."),
        ("Der Umsatz betrug rund 1,2 Millionen Euro.", "Der Umsatz betrug 1.213.400 Euro im Jahr."),
        ("売上高は約120万ユーロであった。", "会社の売上高は1,213,400ユーロであった。"),
        ("The course runs on 3 and 4 June.", "The course runs on June 3-5 in Oslo."),
    ],
)
def test_another_way_to_write_a_number_or_a_date_is_no_reason_to_doubt(claim: str, passage: str) -> None:
    assert support(claim, passage) is Support.SUPPORTED


@pytest.mark.parametrize(
    ("claim", "passage"),
    [
        ("Net sales were about 1.3 million euros in March 2021.", REPORT),
        ("Net sales were about 1.2 billion euros.", REPORT),
        ("Net sales were less than 1.2 million euros.", REPORT),
        ("Operating costs were about 1.2 million euros.", REPORT),
        ("Guests stayed 12 nights on average.", REPORT),
        ("4 ships were sold.", REPORT),
        ("Four ships were sold.", REPORT),
        ("Der Mieter darf vier Hunde halten.", "Der Mieter darf drei Hunde halten, wenn er fragt."),
        ("The factory in Oslo was closed on 5 March 2021.", REPORT),
        ("The factory in Oslo was closed on 3 March 2021.", REPORT),
        ("The factory in Oslo was closed on 2021-03-05.", REPORT),
        ("The factory in Oslo was closed on 3 June 2021.", REPORT),
        ("The factory in Oslo was closed on 5 May 2021.", REPORT),
        ("Net debt was about 2.9 billion in 2022.", TABLE),
        ("She moved in March 2020.", "She moved in April 2020. In March 2021 she left, after the moving."),
        ("彼女は2020年5月3日に引っ越した。", "彼女は2020年3月5日に引っ越した。5月に犬を買った。"),
    ],
)
def test_a_wrong_round_number_or_date_is_doubted(claim: str, passage: str) -> None:
    assert support(claim, passage) in (Support.WEAK, Support.NOT_FOUND)


@given(st.integers(10**6, 10**9))
def test_a_number_rounded_to_two_digits_is_the_number_and_a_tenth_more_is_not(number: int) -> None:
    passage = f"The town of Aster spent {number:,} crowns on its harbour."
    step = 10 ** (len(str(number)) - 2)
    near, far = round(number / step) * step, round(number * 1.1 / step + 1) * step
    assert support(f"Aster spent about {near / 10**6:.6g} million crowns on its harbour.", passage) is Support.SUPPORTED
    assert support(f"Aster spent about {far / 10**6:.6g} million crowns on its harbour.", passage) is Support.NOT_FOUND


@given(st.dates(), st.dates())
def test_a_date_agrees_with_itself_however_it_is_written_and_with_no_other(one: object, other: object) -> None:
    words, iso, others = (f"It was {day:{style}}." for day, style in (
        (one, "%-d %B 2019"), (one, "2019-%m-%d"), (other, "%B %-d, 2019")))  # fmt: skip
    (first,), (second,), (third,) = dates_in(words), dates_in(iso), dates_in(others)
    assert first.agrees_with(second)
    assert first.agrees_with(third) == (f"{one:%m%d}" == f"{other:%m%d}")


@given(
    st.text(alphabet="about 12,.million three May3-/5年月日€", max_size=50), st.text(alphabet="1234,. Mk", max_size=40)
)
def test_any_text_can_be_restated(claim: str, passage: str) -> None:
    assert all(way != claim for way in restated(claim, passage))
    for text in (claim, passage):
        for amount in quantities_in(text):
            assert 0 <= amount.start < amount.end <= len(text)
        for day in dates_in(text):
            assert 0 <= day.start < day.end <= len(text)

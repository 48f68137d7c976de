"""What says the contrary of its passage is doubted: "not", up for down, the other way round of "than"."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from core.citations.contradiction import contradicts
from core.citations.support import support
from core.domain.documents import Support

MINUTES = (
    "The board did not approve the dividend. Net sales rose by 7 % against 2020. Operating costs fell to 812,300. "
    "The factory in Oslo was closed on 3 May and the warehouse was not sold. The tenant must not keep dogs. "
    "Prices increased more than wages. Output was higher in Norway than in Sweden. Members who are ill cannot vote. "
    "Exports grew by 4 % while imports shrank by 3 %. Boat sales rose in 2019 and fell in 2021. "
    "The mill is the oldest house of the town. The café did not open until Friday. Not only the barn was painted."
)


@pytest.mark.parametrize(
    "claim",
    [
        "The board approved the dividend.",
        "The dividend was approved by the board.",
        "Net sales did not rise by 7 % against 2020.",
        "Net sales fell by 7 % against 2020.",
        "Operating costs increased to 812,300.",
        "The warehouse was sold.",
        "The factory in Oslo was not closed on 3 May.",
        "The factory in Oslo wasn't closed on 3 May.",
        "The tenant may keep dogs.",
        "Wages increased more than prices.",
        "Prices increased less than wages.",
        "Output was higher in Sweden than in Norway.",
        "Output was lower in Norway than in Sweden.",
        "Members who are ill can vote.",
        "Imports grew by 3 %.",
        "Boat sales fell in 2019.",
        "The mill is the youngest house of the town.",
        "Prices increased more than wages, and the tenant may keep dogs.",
    ],
)
def test_the_contrary_is_doubted(claim: str) -> None:
    assert support(claim, MINUTES) is Support.WEAK


@pytest.mark.parametrize(
    "claim",
    [
        "The board did not approve the dividend.",
        "The board never approved the dividend.",
        "The dividend wasn't approved by the board.",
        "The board declined to approve the dividend.",
        "Net sales grew by 7 % against 2020.",
        "Operating costs decreased to 812,300 euros.",
        "The warehouse was not sold; the factory in Oslo was closed on 3 May.",
        "Tenants may not keep dogs.",
        "Wages increased less than prices.",
        "Output was lower in Sweden than in Norway.",
        "Ill members can't vote.",
        "Imports decreased by 3 %, exports increased by 4 %.",
        "Boat sales fell in 2021.",
        "The café opened on Friday.",
        "The barn was painted.",
    ],
)
def test_the_same_in_other_words_is_not(claim: str) -> None:
    assert support(claim, MINUTES) is Support.SUPPORTED


@pytest.mark.parametrize(
    ("claim", "passage", "turned"),
    [
        ("Der Vertrag endet im Mai nicht.", "Der Vertrag endet nicht im Mai.", False),
        ("Der Mieter zahlt keine Kaution.", "Der Mieter zahlt eine Kaution im Voraus.", True),
        ("Der Umsatz sank im Jahr 2021.", "Der Umsatz stieg im Jahr 2021 deutlich.", True),
        ("O inquilino pode manter cães no prédio.", "O inquilino não pode manter cães no prédio.", True),
        ("O inquilino mora no prédio azul.", "O inquilino mora em um prédio azul.", False),
        ("Las ventas bajaron en 2021.", "Las ventas de barcos subieron en 2021.", True),
        ("公司的收入在2021年下降。", "公司的收入在2021年大幅上升。", True),
        ("公司的收入在2021年增长。", "公司的收入在2021年大幅增长。", False),
        ("董事会批准股息方案。", "董事会没有批准股息方案。", True),
        ("人口は2020年に減少した。", "町の人口は2020年に増加した。", True),
        ("この塔は町で最大の建物である。", "この塔は町で最大の建物だった。", False),
        ("Room No. 5 has a balcony.", "Room 5 has a balcony. The non-profit club has room 6.", False),
    ],
)
def test_other_languages(claim: str, passage: str, turned: bool) -> None:
    assert contradicts(claim, passage) is turned


WORDS = st.lists(
    st.sampled_from("not never rose fell more than the yard 7 sold, and 没有 批准 増加".split()), max_size=12
)


@given(WORDS, WORDS)
@example(["not", "and", "yard", "7"], [])
@example(["rose", "7", "sold,", "fell", "7", "sold,"], [])
@example(["not", "yard", "sold,", "yard", "sold,"], [])
def test_no_sentence_is_the_contrary_of_itself(words: list[str], others: list[str]) -> None:
    claim = " ".join(words)
    assert not contradicts(claim, f"{claim}\n{claim}")
    assert contradicts(claim, " ".join(others)) in (True, False)

"""Number words are read by the words around them too, and never make a number that nobody says."""

from __future__ import annotations

import pytest
from num2words import num2words

from core.text import lexicon
from core.text.number_words import number_words
from tests.unit.core.text.test_number_words import SENTENCES, is_spelt_right


def values(text: str, *languages: str) -> list[int]:
    return [number.value for number in number_words(text, languages or None)]


@pytest.mark.parametrize("language", sorted(SENTENCES))
def test_every_number_to_a_thousand_is_read_and_no_two_are_one(language: str) -> None:
    for number in range(2, 1001):
        if is_spelt_right(number, language):
            assert values(SENTENCES[language].format(num2words(number, lang=language).strip())) == [number]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("A third of the people and two thirds of the votes", []),
        ("One fifth of it, three quarters of that, and two and a half of these", []),
        ("The third of May is the twenty-third day of the plan", [3, 23]),
        ("Half a dozen of the eggs, and a half dozen", [6, 6]),
        ("No one was there, one of them said, and everyone agreed", []),
        ("One person and the one that was there", [1]),
        ("It was nineteen oh-three, and not nineteen hundred and five", [1903, 1905]),
        ("un tiers des voix et deux tiers de la population", []),
        ("une demi-douzaine de personnes de la ville", [6]),
        ("le livre est neuf et les neuf livres sont à nous", [9]),
        ("ein Drittel der Leute und zwei Drittel der Stimmen", []),
        ("ein halbes Dutzend der Leute gibt acht auf die acht Kinder", [6, 8]),
        ("un tercio de la población y dos tercios de la otra", []),
        ("media docena de los huevos que millones de personas", [6]),
        ("due terzi della popolazione che non sei, e sei persone", [6]),
        ("een derde van de mensen en de derde man", [3]),
        ("um bilião de euros para a meia dúzia", [10**12, 6]),
        ("Om ni är nio eller tio i den", [9, 10]),
    ],
)
def test_words_around_a_number_say_what_it_is(text: str, expected: list[int]) -> None:
    assert values(text) == expected


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("vi", "sau khi làm sáu bài", [6]),
        ("vi", "mười năm và mười lăm người, thứ tư", [10, 15, 4]),
        ("el", "εκτός από τον έκτο και μια γυναίκα", [6]),
        ("tr", "önce ön kapı, uç ve on üç kişi, İki", [13, 2]),
        ("ro", "noua casă și nouă șase şase", [9, 6, 6]),
        ("fi", "kahdenkymmenenyhden henkilön", [21]),
        ("it", "la ventiquattresima volta", [24]),
        ("hi", "पांच लोग", [5]),
        ("ko", "이백칠십육 명과 세 개, 사이에", [276, 3]),
        ("ko", "육십만 팔천이백구십팔 원", [608_298]),
        ("ar", "الحادية والعشرون", [21]),
        ("th", "ที่ยี่สิบเอ็ด", [21]),
        ("ja", "百三十三人、三分の二、第三", [133, 3]),
        ("zh", "三四个人，三分之二，百姓，千万", []),
    ],
)
def test_marks_and_scripts_tell_numbers_from_other_words(language: str, text: str, expected: list[int]) -> None:
    assert values(text, language) == expected


@pytest.mark.parametrize("word", ["ที่ยี่สิบเอ็ด", "thứ hai mươi", "twenty-first"])
def test_ordinals_are_told_by_a_word_before_them_too(word: str) -> None:
    (number,) = number_words(word, ("th", "vi", "en"))
    assert number.ordinal


@pytest.mark.parametrize("language", [code for code in lexicon.languages() if lexicon.entry("numbers", code)])
@pytest.mark.parametrize("times", [3, 4000])
def test_repeated_words_make_no_number_that_nobody_says(language: str, times: int) -> None:
    tables = [lexicon.tables(f"numbers.{table}", language) for table in ("cardinals", "multipliers")]
    words = [forms[0] for table in tables for forms in table.values()]
    for word in dict.fromkeys(filter(None, words if times == 3 else words[::9])):
        found = number_words(f"{word} " * times, (language,))
        assert all(number.value < 10**25 for number in found), word


@pytest.mark.parametrize(
    "cycle", ["quatre-vingt-", "mil millones ", "billones mil millones ", "zwei und ", "dua belas "]
)
def test_cycles_of_words_end(cycle: str) -> None:
    found = number_words(cycle * 20_000, ("fr", "es", "de", "id"))
    assert len(found) >= 10_000 and all(number.value < 10**25 for number in found)


def test_a_million_letters_without_a_gap_are_no_number() -> None:
    for letter in ("a", "ü", "十", "ก", "و", "\u00ad", "İ"):
        assert number_words(letter * 1_000_000) == ()


def test_unknown_languages_are_read_as_if_none_were_named() -> None:
    assert values("seventy people", "xx") == [70]
    assert values("sieben und zwanzig", "en") == []

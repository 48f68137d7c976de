"""Numbers in words are read with their value and place in every language that has them, and other words are not.

num2words spells the numbers, by rules and data of its own. Where it spells one wrongly, the test says so.
"""

from __future__ import annotations

import random

import pytest
from num2words import num2words

from core.text.number_words import NumberWord, number_words

SENTENCES = {
    "ar": "حضر {} شخص الاجتماع.",
    "cs": "{} lidí se zúčastnilo schůze.",
    "da": "{} personer deltog i mødet.",
    "de": "{} Personen nahmen an der Sitzung teil.",
    "en": "{} people attended the meeting.",
    "es": "{} personas asistieron a la reunión.",
    "fi": "{} henkilöä osallistui kokoukseen.",
    "fr": "{} personnes ont assisté à la réunion.",
    "hu": "{} ember vett részt a találkozón.",
    "id": "{} orang menghadiri rapat.",
    "it": "{} persone hanno partecipato alla riunione.",
    "nl": "{} mensen woonden de vergadering bij.",
    "pl": "{} osób wzięło udział w spotkaniu.",
    "pt": "{} pessoas participaram da reunião.",
    "ro": "{} persoane au participat la ședință.",
    "ru": "{} человек посетили собрание.",
    "sv": "{} personer deltog i mötet.",
    "th": "{}คนเข้าร่วมการประชุม",
    "tr": "{} kişi toplantıya katıldı.",
    "vi": "{} người đã tham dự cuộc họp.",
}
UNREAD = {"th": range(0, 11), "vi": (0, 5), "ar": (200, 2000)}
"""One Thai digit may be part of another word, Vietnamese zero is "not" and five is "year", and num2words leaves Arabic
duals incomplete."""
MISSPELT_THOUSANDS = {"ar", "tr"}
"""num2words leaves out the one before a thousand: 21,000 as twenty thousand, in Arabic 101,000."""
GENERATOR = random.Random(11)
NUMBERS = sorted(
    {*range(0, 121), *range(200, 1001, 100), *(GENERATOR.randrange(121, 10_000) for _ in range(60)),
     *(GENERATOR.randrange(10_000, 1_000_000) for _ in range(60)), 1000, 2000, 10_000, 100_000, 1_000_000}
)  # fmt: skip


def read(text: str) -> list[tuple[str, int]]:
    return [(text[number.start : number.end], number.value) for number in number_words(text)]


def is_spelt_right(number: int, language: str) -> bool:
    if number in UNREAD.get(language, ()):
        return False
    return language not in MISSPELT_THOUSANDS or number < 2000 or (number // 1000) % 10 != 1 or number % 10_000 < 1000


@pytest.mark.parametrize("language", sorted(SENTENCES))
def test_cardinals_are_read_from_zero_to_a_million(language: str) -> None:
    for number in NUMBERS:
        if number == 1 or not is_spelt_right(number, language):
            continue  # "one" alone is an article in most languages
        words = num2words(number, lang=language).strip()
        assert read(SENTENCES[language].format(words)) == [(words, number)], (number, words)


ORDINALS = ("de", "en", "fi", "fr", "hi", "hu", "it", "nl", "pt")
MISSPELT_ORDINALS = {"pt": 800, "hu": 0}
"""num2words says "octigentésimo" for 800th, and "kétik" for every second of a hundred."""


@pytest.mark.parametrize("language", [language for language in ORDINALS if language in SENTENCES])
def test_ordinals_are_read(language: str) -> None:
    for number in [*range(3, 100), 113, 121, 345, 1000]:
        if language == "hu" and number % 10 == 2:
            continue
        words = num2words(number, lang=language, to="ordinal")
        found = number_words(SENTENCES[language].format(words))
        assert [(n.value, n.ordinal) for n in found] == [(number, True)], (number, words)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Twenty-five, one hundred and one, a dozen and two dozen.", [25, 101, 12, 24]),
        ("TWO\u00a0HUNDRED\nTHOUSAND people", [200_000]),
        ("It was nineteen eighty-four, not twenty twenty-one.", [1984, 2021]),
        ("two thousand, three hundred and twenty-two", [2322]),
        ("between twenty and thirty of them", [20, 30]),
        ("two, three, four", [2, 3, 4]),
        ("In a second the second man was there.", []),
        ("2 million and 3 dozen", []),
        ("zweihunderteinundzwanzigtausend und zwanzig und dreißig", [221_000, 20, 30]),
        ("Ein Mann und eine Frau", []),
        ("am einundzwanzigsten Tag des Monats", [21]),
        ("quatre-vingt-dix-sept et soixante et onze", [97, 71]),
        ("seis por cento das pessoas", [6]),
        ("sei per cento della lista", [6]),
        ("septante ou nonante ans dans le pays", [70, 90]),
        ("une douzaine de personnes dans la salle", [12]),
        ("vinte e um mil e trezentos, e uma dúzia", [21_300, 12]),
        ("dezesseis ou dezasseis, catorze ou quatorze", [16, 16, 14, 14]),
        ("veintidós y treinta y uno, dos mil millones en la cuenta", [22, 31, 2_000_000_000]),
        ("ventuno, ventotto e centouno della lista", [21, 28, 101]),
        ("drieëntwintig mensen en tweehonderd anderen", [23, 200]),
        ("三百二十人, 十五万, 二〇二四年, 第二十一", [320, 150_000, 2024, 21]),
        ("千万不要 一些 三明治", []),
        ("七人と三十二台", [7, 32]),
        ("इक्कीस लोग और दो लाख रुपये हैं", [21, 200_000]),
        ("สามารถ", []),
        ("", []),
    ],
)
def test_numbers_are_told_from_other_words(text: str, expected: list[int]) -> None:
    assert [number.value for number in number_words(text)] == expected


def test_places_are_those_of_the_text_as_written() -> None:
    text = "Né en mil\u00ad­le neuf cent quatre-vingt-quatre à la ville"
    (number,) = number_words(text)
    assert number == NumberWord(text.index("mil"), text.index(" à la"), 1984, ordinal=False)


@pytest.mark.parametrize(
    "unit",
    ["a", "seventy ", "sieben", "und ", "zweiundzwanzig ", "三十", "สิบสอง", "one ", "twenty-", "and ", "hundert", "e "],
)
def test_long_runs_of_one_word_end(unit: str) -> None:
    text = unit * (300_000 // len(unit))
    found = number_words(text)
    assert all(0 <= number.start < number.end <= len(text) for number in found)

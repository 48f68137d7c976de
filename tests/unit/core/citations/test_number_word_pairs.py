"""A number in words is supported by the same number in digits, and by no other, in every language it is read in."""

from __future__ import annotations

import random

import pytest
from num2words import num2words

from core.citations.support import support
from core.domain.documents import Support
from tests.unit.core.text.test_number_words import SENTENCES, is_spelt_right

GENERATOR = random.Random(12)
NUMBERS = [*range(2, 32), *(GENERATOR.randrange(32, 1000) for _ in range(25)),
           *(GENERATOR.randrange(1000, 1_000_001) for _ in range(25)), 100, 1000, 1_000_000]  # fmt: skip


def sentence(language: str, number: str) -> str:
    return SENTENCES[language].format(number[0].upper() + number[1:])


def others(number: int) -> list[int]:
    return [other for other in (number + 1, number + 10, number * 10, number // 10) if other not in (number, 0, 1)]


@pytest.mark.parametrize("language", sorted(SENTENCES))
def test_words_and_digits_agree_where_the_number_is_the_same(language: str) -> None:
    for number in NUMBERS:
        if is_spelt_right(number, language):
            words = sentence(language, num2words(number, lang=language).strip())
            digits = sentence(language, str(number))
            assert support(words, digits) is Support.SUPPORTED, words
            assert support(digits, words) is Support.SUPPORTED, words


@pytest.mark.parametrize("language", sorted(SENTENCES))
def test_words_and_digits_disagree_where_the_number_is_another(language: str) -> None:
    for number in NUMBERS:
        if not is_spelt_right(number, language):
            continue
        words = sentence(language, num2words(number, lang=language).strip())
        for other in others(number):
            digits = sentence(language, str(other))
            assert support(words, digits) is not Support.SUPPORTED, (words, digits)
            assert support(digits, words) is not Support.SUPPORTED, (digits, words)


@pytest.mark.parametrize("word", ["Seventy", "Twenty-five", "One hundred", "A dozen", "Zero", "Two", "One"])
def test_ninety_people_are_no_other_number_of_people(word: str) -> None:
    assert support(f"{word} people attended the meeting.", "90 people attended the meeting.") is not Support.SUPPORTED


@pytest.mark.parametrize(
    ("claim", "passage", "expected"),
    [
        ("The seventieth meeting was held in May.", "The 70th meeting was held in May.", True),
        ("The seventieth meeting was held in May.", "The 90th meeting was held in May.", False),
        ("About seventy people attended.", "71 people attended.", True),
        ("Two hundred million people live there.", "200 million people live there.", True),
        ("Two hundred million people live there.", "300 million people live there.", False),
        ("Seventy cats and ninety dogs were counted.", "Ninety cats and seventy dogs were counted.", False),
        ("It was founded in nineteen eighty-four.", "It was founded in 1984.", True),
        ("There are three kinds of lease.", "Kinds of lease are those for homes, for shops and for land.", True),
    ],
)
def test_numbers_in_words_are_compared_as_digits_are(claim: str, passage: str, expected: bool) -> None:
    assert (support(claim, passage) is Support.SUPPORTED) is expected

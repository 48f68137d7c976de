"""The files of language data are complete and sound, and what each language lacks is written down here."""

from __future__ import annotations

import re
from typing import Any

import pytest
from babel import Locale

from core.text import lexicon
from core.text.months import month_names, months_in, plain_letters
from core.text.normalization import fold

NUMBERED_MONTHS = {"ja", "ko", "vi", "zh"}
"""Languages that number their months: "5月", "tháng 5"."""

COMPLETE = {
    *("words.function", "words.source", "words.openers", "words.abbreviations", "negation.words"),
    *("negation.uncertain", "meaning.opposites", "meaning.comparatives", "meaning.conjunctions", "dates.months"),
    *("dates.latest", "quantities.near", "quantities.over", "quantities.under", "quantities.scales"),
    *("quantities.units", "conditions.over", "conditions.under", "conditions.between", "followup.openings"),
    *("followup.pointers", "documents.general", "documents.kinds", "survey.summarise", "survey.list", "numbers"),
}
"""What a complete file holds."""
VARIANTS = {
    "words.function": "words.source_fragments",
    "words.source": "words.source_fragments",
    "dates.latest": "dates.latest_anywhere",
    "negation.words": "negation.before_denied",
}
"""What a language without spaces between words, or that inflects, has instead."""
COMPARED = COMPLETE - {"meaning.comparatives"}
"""Of the languages whose claims are compared word by word, only English understands "more … than"."""
COUNTED = {"words.function", "dates.months", "numbers"}
"""Languages searched with their stop words, and whose dates and numbers are compared."""
HELD = {
    "en": COMPLETE,
    "de": COMPARED,
    "es": COMPARED,
    "fr": COMPARED,
    "pt": COMPARED,
    "it": COMPARED - {"documents.general", "documents.kinds"},
    "nl": COUNTED | {"dates.latest"},
    **dict.fromkeys(("cs", "da", "fi", "hu", "id", "pl", "ro", "sv", "tr"), COUNTED),
    "vi": COUNTED - {"dates.months"},
    "el": COUNTED - {"words.function"},
    "ru": COUNTED - {"words.function"} | {"dates.latest", "followup.openings", "followup.pointers"},
    "th": COUNTED - {"words.function"} | {"followup.openings", "followup.pointers"},
    "ko": {"followup.openings", "followup.pointers", "numbers"},
    "hi": COUNTED | {"dates.latest", "followup.openings", "followup.pointers", "quantities.scales"},
    "ar": COUNTED - {"words.function"}
    | {"dates.latest", "followup.openings", "followup.pointers", "conditions.over", "conditions.under"},
    "zh": COMPLETE
    - {"words.openers", "words.abbreviations", "negation.uncertain", "meaning.comparatives", "dates.months"}
    - {"conditions.between", "documents.general", "documents.kinds"},
    "ja": COMPLETE
    - {"words.openers", "words.abbreviations", "negation.words", "negation.uncertain", "meaning.comparatives"}
    - {"meaning.conjunctions", "dates.months", "quantities.under", "conditions.over", "conditions.under"}
    - {"conditions.between", "documents.general", "documents.kinds"},
}
"""What each language's file holds of a complete one. Whoever adds to a file takes the key up here."""


def held(language: str) -> set[str]:
    return {
        key
        for key in COMPLETE
        if lexicon.entry(key, language) or (key in VARIANTS and lexicon.entry(VARIANTS[key], language))
    }


@pytest.mark.parametrize("language", lexicon.languages())
def test_what_a_language_holds_and_lacks_is_known(language: str) -> None:
    assert held(language) == HELD[language]


@pytest.mark.parametrize("language", sorted(set(lexicon.languages()) - NUMBERED_MONTHS))
def test_every_month_that_cldr_names_is_known(language: str) -> None:
    months = Locale(language).months
    for context in ("format", "stand-alone"):
        for number, name in months[context]["wide"].items():
            assert month_names().get(plain_letters(name.lower())) == number, name


@pytest.mark.parametrize("language", sorted(set(lexicon.languages()) - NUMBERED_MONTHS))
def test_a_date_in_the_language_names_its_month(language: str) -> None:
    for number, name in Locale(language).months["format"]["wide"].items():
        found = months_in(f"… 12 {name} 2024 …")
        assert [month.number for month in found] == [number], name


def test_month_names_of_two_languages_never_mean_different_months() -> None:
    for language in lexicon.languages():
        for number, forms in enumerate(lexicon.words("dates.months", language), 1):
            assert all(month_names()[plain_letters(form)] == number for form in forms.split("/")), (language, forms)


@pytest.mark.parametrize("language", lexicon.languages())
def test_months_are_twelve(language: str) -> None:
    assert len(lexicon.words("dates.months", language)) in (0, 12)


@pytest.mark.parametrize("key", ["meaning.opposites", "meaning.comparatives"])
def test_contraries_have_two_sides_without_a_common_word(key: str) -> None:
    for sides in lexicon.groups(key):
        one, other = (frozenset(map(fold, side)) for side in sides)
        assert one and other and not one & other, sides


def test_scales_are_numbers() -> None:
    assert all(scale.isdigit() for scale in lexicon.tables("quantities.scales"))


def test_every_file_says_which_language_it_is() -> None:
    assert all(isinstance(lexicon.entry("name", language), str) for language in lexicon.languages())


@pytest.mark.parametrize("language", lexicon.languages())
def test_a_file_holds_words_and_nothing_like_code(language: str) -> None:
    def strings(value: Any) -> list[str]:
        if isinstance(value, dict):
            return [text for inner in value.values() for text in strings(inner)]
        if isinstance(value, list):
            return [text for inner in value for text in strings(inner)]
        return [value] if isinstance(value, str) else []

    held = {key: value for key, value in lexicon.lexicon(language).items() if key != "numbers"}
    assert not [text for text in strings(held) if set(text) & set("()[]\\|^$+")]


def test_phrases_are_expanded() -> None:
    assert list(lexicon.expand("{most,more} recent{ly,}")) == [
        "most recently", "most recent", "more recently", "more recent",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("phrases", "text", "found"),
    [
        (("less", "less than"), "much less than that", "less than"),
        (("art",), "the smart artist", None),
        (("cat",), "a cat, a dog", "cat"),
        (("近",), "最近三年", "近"),
        (("how do … differ",), "how do the two differ?", "how do the two differ"),
        (("vergleich*",), "die Vergleichszahlen", None),
        ((), "anything", None),
    ],
)
def test_only_whole_words_are_found(phrases: tuple[str, ...], text: str, found: str | None) -> None:
    match = re.search(lexicon.any_of(phrases), text)
    assert (match.group() if match else None) == found

"""Guesses the legacy encoding of undeclared text: by charset-normalizer, and for Latin scripts by languages' letters.

charset-normalizer recognises scripts well but confuses the Latin code pages (it took Windows-1252 and ISO 8859-2 for
Windows-1250). Among these, the encoding wins in which most letters beyond ASCII belong to one language.
"""

from __future__ import annotations

from collections import Counter

_LATIN = (
    "cp1252", "cp1250", "iso8859_2", "cp1254", "cp1257", "iso8859_13", "iso8859_15", "mac_roman", "mac_latin2", "cp850",
    "cp437", "cp852", "iso8859_4", "iso8859_3", "iso8859_10", "iso8859_16", "cp775", "mac_turkish", "cp857",
)  # fmt: skip
_LATIN_FAMILY = {
    *_LATIN, "iso8859_1", "iso8859_9", "iso8859_14", "cp1258", "hp_roman8", "cp858", "cp860", "cp861", "cp863", "cp865",
    "mac_iceland", "mac_croatian", "mac_romanian", "latin_1", "cp1140", "cp720",
}  # fmt: skip
# The letters beyond ASCII of one or several languages each.
_ALPHABETS = (
    "àâæçéèêëîïôœùûüÿ", "äöüß", "áéíóúüñ", "ãõáâàçéêíóôúü", "àèéìíòóù", "åäöé", "æøåéó", "áðéíóúýþæö", "ëïéèüóö",
    "àçèéíïòóúü", "ąćęłńóśźż", "áčďéěíňóřšťúůýž", "áäčďéíĺľňóôŕšťúýž", "áéíóöőúüű", "čšžćđ", "ăâîșțşţ", "çë",
    "ąčęėįšųūž", "āčēģīķļņšūž", "äõöüšž", "çğıöşüâîû", "ĉĝĥĵŝŭ", "ċġħż",
)  # fmt: skip
_WESTERN = frozenset("àâæçéèêëîïôœùûüÿäößáíóúñãõìòåøðýþ")
_SIGNS = frozenset("“”„‘’‚–—…«»‹›•·°§©®™€£ªº¿¡´\u00a0½¼¾²³×±µ")
_INSIDE_WORDS = frozenset("’‘·´\u00ad")
_WESTERN_WEIGHT = 0.9  # of letters of several Western languages, against those of one
_SIGN_WEIGHT = 0.8  # of signs, against letters
_WINDOWS_SIGN_WEIGHT = 1.0  # in Windows-1252, whose typographic quotation marks and dashes are common
_SAMPLE_CHARS = 20_000
_THAI_SIGNS = frozenset("\u0e31\u0e34\u0e35\u0e36\u0e37\u0e38\u0e39\u0e47\u0e48\u0e49\u0e4a\u0e4b\u0e4c\u0e4d")
_EAST_ASIAN = ("cp932", "euc_jp", "gb18030", "big5hkscs", "cp949")


def guess(sample: bytes) -> str | None:
    """Return the name of a Python codec; None if nothing fits."""
    from charset_normalizer import from_bytes

    if _is_thai(sample):
        return "cp874"
    best = from_bytes(sample).best()
    if best is None:
        return _east_asian(sample) or _latin(sample)
    return _latin(sample) if best.encoding in _LATIN_FAMILY else best.encoding


def _is_thai(sample: bytes) -> bool:
    """Return whether the bytes read as Thai: its vowel and tone signs follow consonants, which they do not in bytes of
    East Asian text."""
    try:
        text = sample.decode("cp874")
    except UnicodeDecodeError:
        return False
    thai = [(before, char) for before, char in zip(" " + text, text, strict=False) if char > "\x7f"]
    before_signs = [before for before, char in thai if char in _THAI_SIGNS]
    all_in_place = all("\u0e01" <= before <= "\u0e4e" for before in before_signs)
    return len(thai) > 8 and 0.1 < len(before_signs) / len(thai) < 0.45 and all_in_place


def _latin(sample: bytes) -> str:
    def score(name: str) -> float:
        sign_weight = _WINDOWS_SIGN_WEIGHT if name == "cp1252" else _SIGN_WEIGHT
        return _latin_score(sample.decode(name, "replace")[:_SAMPLE_CHARS], sign_weight)

    return max(_LATIN, key=score)  # the first of equals


def _latin_score(text: str, sign_weight: float) -> float:
    """Return how well the characters beyond ASCII fit the language that they fit best, minus what no language
    writes."""
    counts = Counter(char for char in text if char > "\x7f")
    total = sum(counts.values())
    if not total:
        return 0.0
    signs = sum(count for char, count in counts.items() if char in _SIGNS)
    letters: Counter[str] = Counter()
    for char, count in counts.items():
        letters[char.lower()] += count
    best: float = max(sum(letters[char] for char in alphabet) for alphabet in _ALPHABETS)
    best = max(best, _WESTERN_WEIGHT * sum(letters[char] for char in _WESTERN))
    return (best + sign_weight * signs - _oddities(text)) / total


def _oddities(text: str) -> int:
    """Count capitals after small letters and signs between letters, where the capital or sign is beyond ASCII, and
    undecodable bytes."""
    odd = text.count("\ufffd")
    for before, char, after in zip(text, text[1:], text[2:], strict=False):
        if char <= "\x7f":
            continue
        if char.isalpha():
            odd += char.isupper() and before.islower()
        elif before.isalpha() and after.isalpha() and char not in _INSIDE_WORDS:
            odd += 1
    return odd


def _east_asian(sample: bytes) -> str | None:
    """Guess a double-byte encoding of text with a few invalid bytes, which charset-normalizer rejects."""
    best, best_score = None, 0.5
    for name in _EAST_ASIAN:
        text = sample.decode(name, "replace")
        beyond_ascii = [char for char in text if char > "\x7f"]
        if not beyond_ascii or text.count("\ufffd") > 0.01 * len(beyond_ascii):
            continue
        kana = sum("\u3040" <= char <= "\u30ff" for char in beyond_ascii) / len(beyond_ascii)
        hangul = sum("\uac00" <= char <= "\ud7a3" for char in beyond_ascii) / len(beyond_ascii)
        han = sum("\u4e00" <= char <= "\u9fff" for char in beyond_ascii) / len(beyond_ascii)
        native = {"cp932": 2 * kana + han, "euc_jp": 2 * kana + han, "cp949": hangul}.get(name, han - kana)
        if native > best_score:
            best, best_score = name, native
    return best

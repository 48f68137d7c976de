"""Which legacy encoding bytes are in, where nothing says so: charset-normalizer, then letters weighed by language.

charset-normalizer knows scripts well but mixes up the Latin code pages (it took Windows-1252 and ISO 8859-2 for
Windows-1250): there, the encoding wins under which the letters beyond ASCII belong to one language.
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
_LANGUAGES = (
    "àâæçéèêëîïôœùûüÿ", "äöüß", "áéíóúüñ", "ãõáâàçéêíóôúü", "àèéìíòóù", "åäöé", "æøåéó", "áðéíóúýþæö", "ëïéèüóö",
    "àçèéíïòóúü", "ąćęłńóśźż", "áčďéěíňóřšťúůýž", "áäčďéíĺľňóôŕšťúýž", "áéíóöőúüű", "čšžćđ", "ăâîșțşţ", "çë",
    "ąčęėįšųūž", "āčēģīķļņšūž", "äõöüšž", "çğıöşüâîû", "ĉĝĥĵŝŭ", "ċġħż",
)  # fmt: skip
_WESTERN = frozenset("àâæçéèêëîïôœùûüÿäößáíóúñãõìòåøðýþ")
_SIGNS = frozenset("“”„‘’‚–—…«»‹›•·°§©®™€£ªº¿¡´\u00a0½¼¾²³×±µ")
_INSIDE_WORDS = frozenset("’‘·´\u00ad")
_UNION_WEIGHT = 0.9
_SIGN_WEIGHT = 0.8
_WINDOWS_SIGN_WEIGHT = 1.0  # quotation marks and dashes beyond ASCII are Windows-1252's as a rule
_SAMPLE_CHARS = 20_000
_THAI_SIGNS = frozenset("\u0e31\u0e34\u0e35\u0e36\u0e37\u0e38\u0e39\u0e47\u0e48\u0e49\u0e4a\u0e4b\u0e4c\u0e4d")
_EAST_ASIAN = ("cp932", "euc_jp", "gb18030", "big5hkscs", "cp949")


def guess(sample: bytes) -> str | None:
    """The name of a Python codec, or None if nothing fits."""
    from charset_normalizer import from_bytes

    if _is_thai(sample):
        return "cp874"
    best = from_bytes(sample).best()
    if best is None:
        return _east_asian(sample) or _latin(sample)
    return _latin(sample) if best.encoding in _LATIN_FAMILY else best.encoding


def _is_thai(sample: bytes) -> bool:
    """Thai's vowel and tone signs stand after its consonants; bytes of East Asian texts, read as Thai, do not obey."""
    try:
        text = sample.decode("cp874")
    except UnicodeDecodeError:
        return False
    wide = [(before, char) for before, char in zip(" " + text, text, strict=False) if char > "\x7f"]
    signs = [before for before, char in wide if char in _THAI_SIGNS]
    in_place = sum("\u0e01" <= before <= "\u0e4e" for before in signs)
    return len(wide) > 8 and 0.1 < len(signs) / len(wide) < 0.45 and in_place == len(signs)


def _latin(sample: bytes) -> str:
    def score(name: str) -> float:
        sign_weight = _WINDOWS_SIGN_WEIGHT if name == "cp1252" else _SIGN_WEIGHT
        return _latin_score(sample.decode(name, "replace")[:_SAMPLE_CHARS], sign_weight)

    return max(_LATIN, key=score)  # the first of equals


def _latin_score(text: str, sign_weight: float) -> float:
    """How well the characters beyond ASCII fit the language they fit best, less what no language writes."""
    counts = Counter(char for char in text if char > "\x7f")
    total = sum(counts.values())
    if not total:
        return 0.0
    signs = sum(count for char, count in counts.items() if char in _SIGNS)
    letters: Counter[str] = Counter()
    for char, count in counts.items():
        letters[char.lower()] += count
    best: float = max(sum(letters[char] for char in language) for language in _LANGUAGES)
    best = max(best, _UNION_WEIGHT * sum(letters[char] for char in _WESTERN))
    return (best + sign_weight * signs - _oddities(text)) / total


def _oddities(text: str) -> int:
    """Capitals after small letters, and signs between letters, counted where either is beyond ASCII."""
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
    """Texts of double bytes with a few wrong ones among them, which no strict reading takes."""
    best, best_score = None, 0.5
    for name in _EAST_ASIAN:
        text = sample.decode(name, "replace")
        wide = [char for char in text if char > "\x7f"]
        if not wide or text.count("\ufffd") > 0.01 * len(wide):
            continue
        kana = sum("\u3040" <= char <= "\u30ff" for char in wide) / len(wide)
        hangul = sum("\uac00" <= char <= "\ud7a3" for char in wide) / len(wide)
        han = sum("\u4e00" <= char <= "\u9fff" for char in wide) / len(wide)
        native = {"cp932": 2 * kana + han, "euc_jp": 2 * kana + han, "cp949": hangul}.get(name, han - kana)
        if native > best_score:
            best, best_score = name, native
    return best

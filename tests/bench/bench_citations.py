"""How many altered citations the check catches, and how many true ones it doubts, on sentences of folders of texts.

usage: bench_citations.py FOLDER [FOLDER ...]      (folders of .md or .txt files)

The labelled set is made from the texts themselves, with a fixed seed: a passage is a run of a document's sentences. A
true claim is one of them, reworded as models reword (opening added, function words changed, words of the same sense,
digits grouped differently, clauses swapped or left out), or two neighbours joined. An altered one has a single thing
changed: a number or a name to one that the passage does not have, a name that opens the sentence, a Chinese or Japanese
name, a unit; a number to one of another sentence of the passage (swapped), or two numbers of the sentence exchanged; a
"not" put in or taken out, "rose" for "fell", "largest" for "smallest"; a name in a script without capitals, which the
check cannot tell from another word. An unrelated one comes from another document. A claim is caught, or doubted, when
the check does not call it supported. The time is that of one answer.
"""

from __future__ import annotations

import random
import re
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from core.citations.support import support
from core.domain.documents import Support

PASSAGE_CHARS = 1000
UNSPACED_CHARS = 400
LEAST_SENTENCES = 3
SENTENCE = re.compile(r"(?<=[.!?؟।])\s+|(?<=[。！？])|\n+")
UNSPACED = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]")
NAME = re.compile(
    r"(?<=[a-zα-ωά-ώа-я,] )(?:[A-Z][a-zA-Z]{2,}|[Α-ΩΆ-Ώ][α-ωά-ώ]{2,}|[А-Я][а-я]{2,})|[\u30a1-\u30fa\u30fc]{3,}"
)
UNCASED = re.compile(r"[\u0600-\u06ff\u0900-\u097f\u0e00-\u0e7f]")
THAI = re.compile(r"[\u0e00-\u0e7f]")
CAPITALISED = re.compile(r"[A-Z][a-z]{2,}")
OPENING_NAME = re.compile(r"[A-Z][a-z]{2,}(?= [a-z]|['’]s )")
UNITS = (("million", "billion"), ("days", "months"), ("percent", "million"), ("%", " million"), ("hours", "minutes"),
         ("years", "months"), ("km", "m"), ("万", "亿"), ("年間", "日間"), ("年", "天"))  # fmt: skip
KNOWN_NAMES = """
中国 日本 美国 英国 法国 德国 俄罗斯 印度 韩国 加拿大 意大利 西班牙 巴西 北京
上海 广州 深圳 香港 台湾 武汉 重庆 天津 南京 杭州 东京 大阪 京都 纽约
伦敦 巴黎 柏林 华盛顿 华为 腾讯 阿里巴巴 百度 小米 苹果 微软 谷歌 特斯拉 清华大学
北京大学 哈佛大学 米国 英国 東京 名古屋 横浜 福岡 札幌 沖縄 北海道 関東 関西 九州
四国 江戸 明治 大正 昭和 平安 鎌倉 室町 徳川家康 織田信長 豊臣秀吉 天皇 朝鮮 欧州
ロシア フランス ドイツ イギリス アメリカ イタリア スペイン ローマ パリ ロンドン ニューヨーク オランダ トルコ エジプト
""".split()
# Of scripts without capitals but with spaces between words; a Thai one stands in its sentence as a Chinese one does.
UNCASED_NAMES = """
مصر العراق سوريا لبنان فرنسا ألمانيا إيطاليا إسبانيا روسيا الصين اليابان الهند أمريكا بريطانيا إنجلترا لندن باريس برلين
روما موسكو القاهرة بغداد نيويورك كاليفورنيا تكساس واشنطن أوروبا أفريقيا آسيا أستراليا كندا البرازيل تركيا إيران بولندا
السويد جورج جون وليام لوثر تسلا نيوتن هنري تشارلز لويس بيتر
भारत चीन जापान फ्रांस जर्मनी इटली स्पेन रूस अमेरिका ब्रिटेन इंग्लैंड लंदन पेरिस बर्लिन रोम मॉस्को दिल्ली मुंबई
कैलिफोर्निया टेक्सास वाशिंगटन यूरोप अफ्रीका एशिया ऑस्ट्रेलिया कनाडा ब्राजील तुर्की ईरान पोलैंड स्वीडन जॉर्ज जॉन
विलियम लूथर टेस्ला न्यूटन हेनरी चार्ल्स लुईस पीटर केन्या
จีน ญี่ปุ่น ฝรั่งเศส เยอรมนี อิตาลี สเปน รัสเซีย อเมริกา อังกฤษ ลอนดอน ปารีส เบอร์ลิน มอสโก นิวยอร์ก แคลิฟอร์เนีย
เท็กซัส วอชิงตัน ยุโรป แอฟริกา เอเชีย ออสเตรเลีย แคนาดา บราซิล ตุรกี อิหร่าน โปแลนด์ สวีเดน จอร์จ จอห์น วิลเลียม
ลูเธอร์ เทสลา นิวตัน เฮนรี ชาร์ลส์ ปีเตอร์ เคนยา อินเดีย
""".split()
NUMBER = re.compile(r"\d[\d,]*(?:\.\d+)?")
AUXILIARY = re.compile(r"\b(?:is|was|are|were|can|will|has|have|did|does|could|should|must)\b(?! not\b)")
TURNED = tuple(pair.split("/") for pair in (
    "increased/decreased rose/fell grew/shrank rising/falling growth/decline highest/lowest largest/smallest "
    "maximum/minimum oldest/youngest longest/shortest 増加/減少 上昇/低下 最大/最小 最高/最低 上升/下降 "
    "增加/减少 增长/下降"
).split())  # fmt: skip
OPENINGS = ("", "", "According to the passage, ", "Yes: ", "The document says that ")
UNSPACED_OPENINGS = ("", "", "根据资料，", "文中提到，")
REWORDED_UNSPACED = (
    ("可以", "能够"), ("使用", "利用"), ("但是", "不过"), ("因为", "由于"), ("举行", "召开"),
    ("位于", "地处"), ("开始", "启动"), ("获得", "取得"), ("表示", "指出"), ("目前", "现在"),
    ("为了", "为"), ("的", ""), ("であった", "だった"), ("である", "です"), ("によって", "により"),
    ("しかし", "だが"), ("行われた", "実施された"), ("開催", "実施"), ("多くの", "たくさんの"), ("および", "と"),
    ("呼ばれる", "言われる"), ("している", "する"), ("には", "に"), ("が", "は"),
)  # fmt: skip
REWORDED_UNCASED = (
    ("और", "तथा"), ("बहुत", "काफी"), ("लेकिन", "परंतु"), ("बड़ा", "विशाल"), ("साल", "वर्ष"), ("शुरू", "आरंभ"),
    ("उपयोग", "प्रयोग"), ("कई", "अनेक"), ("प्रमुख", "मुख्य"), ("लोगों", "व्यक्तियों"), ("बाद", "पश्चात"),
    ("لكن", "غير"), ("كبير", "ضخم"), ("أيضًا", "كذلك"), ("عام", "سنة"), ("خلال", "أثناء"), ("مهم", "هام"),
    ("استخدام", "استعمال"), ("بعد", "عقب"), ("كان", "يعد"), ("بدأ", "شرع"), ("أكثر", "أشد"), ("التي", "والتي"),
    ("และ", "รวมทั้ง"), ("มาก", "อย่างยิ่ง"), ("แต่", "ทว่า"), ("สำคัญ", "หลัก"), ("เป็น", "คือ"), ("ใน", "ภายใน"),
)  # fmt: skip
REWORDED = (
    (r"\bis\b", "was"), (r"\bcan\b", "may"), (r"\bthe\b", "its"), (r"\buses\b", "is using"), (r", ", " and "),
)  # fmt: skip


def main() -> None:
    """Print the figures for the folders given."""
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    chance = random.Random(1)
    texts = [path.read_text(encoding="utf-8") for folder in sys.argv[1:] for path in sorted(Path(folder).rglob("*.*"))
             if path.suffix in (".md", ".txt")]  # fmt: skip
    passages = [passage for text in texts for passage in _passages(text)]
    chance.shuffle(passages)
    small = set(re.findall(r"\b[a-z]+", " ".join(texts)))
    names = sorted({name for passage in passages for sentence in passage for name in NAME.findall(sentence)})
    names = [name for name in names if name.lower() not in small]
    total: Counter[str] = Counter()
    doubted: Counter[str] = Counter()
    for passage, other in zip(passages[:3000], passages[1:], strict=False):
        for kind, claim in _claims(passage, other, names, chance):
            total[kind] += 1
            doubted[kind] += support(claim, " ".join(passage)) is not Support.SUPPORTED
    for kind in sorted(total, reverse=True):
        print(f"{kind:18} {total[kind]:6} claims  {100 * doubted[kind] / total[kind]:6.2f} % not called supported")
    _print_time(passages[:12], random.Random(2))
    altered = [kind for kind in total if kind in ("altered number", "altered name")]
    if not sum(total[kind] for kind in altered):
        sys.exit("these texts are too short to make altered claims of")
    caught = sum(doubted[kind] for kind in altered) / sum(total[kind] for kind in altered)
    print(f"altered numbers and names, caught  {100 * caught:6.2f} %")


def _print_time(passages: list[list[str]], chance: random.Random) -> None:
    """Of an answer of 40 sentences, each compared with a dozen passages together: with nothing known, and again."""
    together = "\n".join(" ".join(passage) for passage in passages)
    sentences = [_reworded(chance.choice(chance.choice(passages)), chance) for _ in range(40)]
    support("On 3 May, sales did not rise by about 2 %.", "On 3 May, sales rose by 2.1 %.")  # patterns are compiled
    for word in ("first", "again"):
        start = time.perf_counter()
        for sentence in sentences:
            support(sentence, together)
        print(f"40 sentences against 12 passages, {word}  {1000 * (time.perf_counter() - start):6.1f} ms")


def _passages(text: str) -> Iterator[list[str]]:
    run: list[str] = []
    for sentence in SENTENCE.split(text):
        sentence = sentence.strip(" -*#|>")
        words = len(sentence) // 2 if UNSPACED.search(sentence) else len(sentence.split())
        if 8 <= words <= 45:
            run.append(sentence)
        if sum(map(len, run)) > (UNSPACED_CHARS if UNSPACED.search(sentence) else PASSAGE_CHARS):
            yield run
            run = []
    if len(run) >= LEAST_SENTENCES:
        yield run


def _claims(passage: list[str], other: list[str], names: list[str], chance: random.Random) -> Iterator[tuple[str, str]]:
    whole = " ".join(passage)
    at = chance.randrange(len(passage))
    sentence = passage[at]
    yield "true", _reworded(sentence, chance)
    if shorter := _shortened(sentence):
        yield "true, shortened", _reworded(shorter, chance)
    if at + 1 < len(passage):
        yield "true, joined", _joined(sentence, passage[at + 1], chance)
    numbers = list(NUMBER.finditer(sentence))
    if numbers:
        place = chance.choice(numbers)
        yield "altered number", _reworded(_put(sentence, place, _other_number(place.group(), whole, chance)), chance)
    if numbers and (others := sorted(set(NUMBER.findall(whole)) - set(NUMBER.findall(sentence)))):
        yield "swapped number", _reworded(_put(sentence, chance.choice(numbers), chance.choice(others)), chance)
    if len({number.group() for number in numbers}) > 1:
        yield "exchanged numbers", _reworded(_exchanged(sentence, numbers, chance), chance)
    apart = random.Random(sentence)
    if rounded := _rounded(sentence):
        yield "true, rounded", rounded
    if turned := _turned(sentence, apart):
        yield "turned direction", _reworded(turned, apart)
    if negated := _negated(sentence):
        yield "turned not", _reworded(negated, apart)
    if (unit := _other_unit(sentence)) and unit not in whole:
        yield "altered unit", _reworded(unit, chance)
    yield from _with_other_names(sentence, whole, names, chance)
    yield from _with_other_uncased_name(sentence, whole, apart)
    stranger = chance.choice(other)
    if stranger not in whole:
        yield "unrelated", _reworded(stranger, chance)


def _with_other_names(sentence: str, whole: str, names: list[str], chance: random.Random) -> Iterator[tuple[str, str]]:
    strangers = [n for n in chance.sample(names, min(20, len(names))) if n.casefold() not in whole.casefold()]
    if strangers and (found := list(NAME.finditer(sentence))):
        yield "altered name", _reworded(_put(sentence, chance.choice(found), strangers[0]), chance)
    latin = [name for name in strangers if CAPITALISED.fullmatch(name)]
    opening = OPENING_NAME.match(sentence)
    if latin and opening and opening.group() in names:
        yield "altered first name", _reworded(_put(sentence, opening, latin[0]), chance, opening=False)
    known = [name for name in KNOWN_NAMES if name in sentence]
    unknown = [name for name in KNOWN_NAMES if name not in whole and not any(set(name) & set(k) for k in known)]
    if known and unknown:
        yield "altered CJK name", _reworded(sentence.replace(max(known, key=len), chance.choice(unknown)), chance)


def _with_other_uncased_name(sentence: str, whole: str, chance: random.Random) -> Iterator[tuple[str, str]]:
    known = [(name, place) for name in UNCASED_NAMES
             if (place := re.search(name if THAI.match(name) else rf"(?<!\S){name}(?!\S)", sentence))]  # fmt: skip
    if known:
        name, place = chance.choice(known)
        script = [n for n in UNCASED_NAMES if n not in whole and ord(n[0]) >> 7 == ord(name[0]) >> 7]
        yield "altered uncased name", _reworded(_put(sentence, place, chance.choice(script)), chance, opening=False)


def _put(sentence: str, place: re.Match[str], words: str) -> str:
    return sentence[: place.start()] + words + sentence[place.end() :]


def _exchanged(sentence: str, numbers: list[re.Match[str]], chance: random.Random) -> str:
    one = chance.choice(numbers)
    other = chance.choice([number for number in numbers if number.group() != one.group()])
    first, last = sorted((one, other), key=lambda number: number.start())
    between = sentence[first.end() : last.start()]
    return sentence[: first.start()] + last.group() + between + first.group() + sentence[last.end() :]


def _rounded(sentence: str) -> str:
    """With its first long number in thousands or millions, as answers round."""
    found = re.search(r"(?<![\d.,$])\d{1,3}(?:,\d{3})+(?![\d.,])(?! (?:m|b)illion)", sentence)
    if not found or UNSPACED.search(sentence):
        return ""
    number = int(found.group().replace(",", ""))
    scale, name = (10**6, "million") if number >= 10**6 else (10**3, "thousand")
    return _put(sentence, found, f"about {number / scale:.3g} {name}") if number >= 10**4 else ""


def _turned(sentence: str, chance: random.Random) -> str:
    """With one word of direction turned round."""
    pairs = [way for one, other in TURNED for way in ((one, other), (other, one))]
    found = [pair for pair in pairs if re.search(rf"(?<![a-z]){pair[0]}(?![a-z])", sentence)]
    return sentence.replace(*chance.choice(found), 1) if found else ""


def _negated(sentence: str) -> str:
    """With its first "not" taken out, or a "not" behind its first auxiliary."""
    if " not " in sentence:
        return sentence.replace(" not ", " ", 1)
    found = AUXILIARY.search(sentence)
    return sentence[: found.end()] + " not" + sentence[found.end() :] if found else ""


def _other_unit(sentence: str) -> str:
    for unit, other in UNITS:
        if found := re.search(rf"(?<=\d) ?{unit}(?![a-z])", sentence):
            return sentence[: found.end() - len(unit)] + other + sentence[found.end() :]
    return ""


def _shortened(sentence: str) -> str:
    """Its first half, if it is a clause of some length."""
    half = re.split(r", |，|、|；|; ", sentence, maxsplit=1)[0]
    long_enough = len(half) >= 12 if UNSPACED.search(half) else len(half.split()) >= 6
    return half if long_enough and half != sentence else ""


def _joined(one: str, other: str, chance: random.Random) -> str:
    if UNSPACED.search(one):
        return f"{one.rstrip('。')}，{other}"
    return f"{_reworded(one, chance).rstrip('.')}, and {other[0].lower() + other[1:]}"


def _reworded(sentence: str, chance: random.Random, *, opening: bool = True) -> str:
    if UNSPACED.search(sentence):
        for words, others in chance.sample(REWORDED_UNSPACED, 12):
            sentence = sentence.replace(words, others, 1)
        return chance.choice(UNSPACED_OPENINGS) * opening + sentence
    for word, other in chance.sample(REWORDED_UNCASED, 15) if UNCASED.search(sentence) else ():
        pattern = word if THAI.match(word) else rf"(?<!\S){word}(?!\S)"
        sentence = re.sub(pattern, other, sentence, count=1)
    for pattern, words in chance.sample(REWORDED, 2):
        sentence = re.sub(pattern, words, sentence, count=1)
    if chance.random() < 0.3:
        sentence = re.sub(r"(?<=\d),(?=\d{3})", "", sentence)
    halves = sentence.rstrip(".").split(", ", 1)
    if opening and len(halves) == 2 and chance.random() < 0.3:
        sentence = f"{halves[1]}, {halves[0]}."
    words = chance.choice(OPENINGS) * opening
    return words + (sentence[0].lower() + sentence[1:] if words and not sentence[1:2].isupper() else sentence)


def _other_number(number: str, passage: str, chance: random.Random) -> str:
    while True:
        digits = [chance.choice("123456789") if c.isdigit() and chance.random() < 0.6 else c for c in number]
        changed = "".join(digits)
        if changed != number and changed.replace(",", "") not in passage.replace(",", ""):
            return changed
        number += chance.choice("0123456789")


if __name__ == "__main__":
    main()

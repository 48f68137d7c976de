"""Whether the names of a sentence stand in the passage: words with capitals, also where they open the sentence, and in
scripts without capitals the characters that stand in the place of others."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache, lru_cache

from core.chat.wording import COMMON, REMEMBERED, UNSPACED, WORD, Words, flat, words_of
from core.months import month_names, plain_letters
from core.retrieval.language import function_words

_DATE = re.compile(r"\b(\d{1,4})[-/.年]\s?(\d{1,2})(?:[-/.月]\s?(\d{1,4}))")
_KATAKANA = re.compile(r"[\u30a1-\u30fa\u30fc]{3,}")
_HAN = re.compile(r"[\u3400-\u9fff々]+")
# Endings in which a name and the same name elsewhere may differ: plural, genitive, and German cases.
_ENDINGS = ("s", "es", "e", "n", "en", "er", "em", "’s", "'s")
# Words with which people and models open a sentence that says what a passage says in other words. Not names.
_OPENING_WORDS = """
additionally after afterwards again although among another anyone around based because before both buyers clients
companies customers despite due during each earlier either employees even every everyone finally first following
furthermore generally given here hence however including indeed initially instead its last lastly later less like many
meanwhile members moreover most much nevertheless next none nonetheless note notably now often once others otherwise
overall people previously rather readers researchers second secondly several similarly since sometimes specifically
still subsequently such taken therefore third though through throughout thus today together total two typically unless
unlike until users usually various via whenever whereas wherever whether within without yes yet
aber außerdem bei beide bereits bis da dabei dadurch daher damit danach dann darüber denn deshalb dies diese dieser
dieses doch dort ebenso erst falls ferner hier hierbei ja jede jeder jedes jedoch laut mehrere nach nachdem neben nein
nun nur obwohl ohne schließlich seit sie sobald somit sowohl später trotz viele vor während wegen weitere wenn zuerst
zudem zunächst zwar zwischen
além ainda algumas alguns antes após assim atualmente cada conforme contudo depois desde deste durante embora então
entre essa esse esta este isso isto logo mais mas mesmo muitas muitos neste nesse no nos outra outro outros pessoas
porém portanto quando segundo sem sendo sim sobre também todas todo todos usuários vários
además ahora algunas algunos antes así aunque cada después donde durante ella ellas ellos entonces entre esta este
esto hay luego más mientras muchas muchos otra otro otros personas pero posteriormente según si sin sobre sí también
tanto todas todo todos tras usuarios varias varios
ainsi alors après aussi aujourd'hui aucun avant avec beaucoup car ce cela certains cette ceux chaque chez comme comment
contre depuis deux donc ensuite entre entretemps et il ils elle elles lors lorsque mais malgré même néanmoins on or oui
outre parmi pendant plus plusieurs pourtant puis quand sans selon seul si sous tous toutefois tout toute toutes
inoltre dopo durante infine invece molti ogni però poi prima quando questa questo secondo senza tra tutti
"""
_OPENERS = frozenset(word for word in flat(_OPENING_WORDS).split())
_FOLLOWING = 4  # words after a name by which its place in the passage is known
_BETWEEN = 10  # characters that may stand in a name's place
_SAME_SENSE = """
使用 利用 采用 运用 举行 召开 举办 开展 开始 启动 结束 终止 完成 达到 获得 取得 赢得 得到 成为 作为
位于 坐落 包括 包含 拥有 具有 进行 实施 实行 执行 可以 能够 可能 应该 应当 必须 需要 因为 由于 所以
因此 但是 不过 然而 如果 假如 虽然 尽管 以及 并且 而且 此外 另外 目前 现在 当前 如今 之后 以后 之前
以前 期间 时候 同时 随后 最后 最终 首先 其中 主要 重要 关键 非常 十分 特别 尤其 增加 增长 提高 提升
上升 减少 下降 降低 表示 指出 认为 宣布 公布 发布 称为 叫做 名为 属于 负责 担任 出任 建立 成立 设立
创建 建造 修建 建成 导致 造成 引起 产生 发生 出现 存在 居住 生活 出生 诞生 去世 逝世 死亡 参加 参与
加入 问题 情况 方面 部分 大约 大概 左右 超过 多达 根据 依据 按照 关于 对于 通过 经过 这个 这些 那些
他们 我们 自己 一个 一种 没有 已经 正在 开设 开放 提供 支持 帮助 影响 发现 実施 開催 開始 終了 完了
以降 以後 以前 現在 当時 同時 場合 必要 可能 重要 主要 存在 位置 所在 使用 活用 採用 増加 減少 上昇
低下 発表 公表 設立 創設 創立 建設 建築 建造 誕生 出生 死去 死亡 参加 加入 所属 担当 就任 獲得 取得
達成 発生 原因 理由 結果 影響 問題 部分 一部 全体 全て 多数 多く 約束 程度 以上 以下 未満 最初 最後
最終 最大 最高 特徴 特色 名称 呼称 説明 記述 比較 関係 関連 含有
"""
_SAME = frozenset(_SAME_SENSE.split())
_NUMBERED = re.compile(r"([A-Za-z]+)[-\u2010\u2011](\d+)(?![\w-])")
_APART = re.compile(r"([A-Za-z]+)[ \u00a0]?(\d+)(?![\w])")
_CLAUSE_START = re.compile(r"(?:^|[^\w])([\u3400-\u9fff々\u30a1-\u30fc]{2,6})$")
_COUNTING = frozenset("〇零一二三四五六七八九十百千万亿億两兩")


def names_stand_in(claim: str, passage: str) -> bool:
    """Whether the passage has every name of `claim`, as far as a name can be told from another word."""
    words = words_of(flat(passage))
    if not all(_is_named(name, words, passage) for name in _names(claim)):
        return False
    joined = {name.lower() + number for name, number in _NUMBERED.findall(claim)}
    if joined and joined - _numbered(passage):
        return False
    return not _opens_with_another(claim, passage, words) and not _is_exchanged(claim, passage)


@lru_cache(REMEMBERED)
def _numbered(text: str) -> frozenset[str]:
    """Names with a number behind them, however they are joined in a passage: "GPT-4", "rrf 3", "A320"."""
    return frozenset(name.lower() + number for name, number in _NUMBERED.findall(text)) | frozenset(
        name.lower() + number for name, number in _APART.findall(text)
    )


def _names(claim: str) -> list[str]:
    """Folded words that look like names: capitalised inside the sentence, or with capitals or digits within."""
    names = []
    for match in WORD.finditer(claim):
        word = match.group()
        if UNSPACED.search(word):
            continue
        first = not claim[: match.start()].strip(" \"'“‘(*_-")
        inner = any(c.isupper() for c in word[1:]) or (
            any(c.isdigit() for c in word) and any(c.isalpha() for c in word)
        )
        if inner or (word[0].isupper() and not first and len(word) > 1):
            folded = flat(word)
            if folded not in COMMON:
                names.append(folded)
    return [*names, *_KATAKANA.findall(claim)]


def _is_named(name: str, words: Words, passage: str) -> bool:
    """Whether the passage has this name: written the same, but for an ending. A month may stand in a date of digits."""
    if _KATAKANA.match(name):
        return name in passage
    if (number := month_names().get(plain_letters(name))) and _has_month(number, words, passage):
        return True
    forms = {name, *(name + ending for ending in _ENDINGS)}
    forms |= {name.removesuffix(ending) for ending in _ENDINGS if len(name) - len(ending) >= 3}
    return not forms.isdisjoint(words.plain) or (len(name) > 3 and name in words.flat and "-" in words.flat)


def _has_month(number: int, words: Words, passage: str) -> bool:
    """In words of any language we know, or in a date such as 2022-05-03, 03.05.2022, 5/3/22."""
    if any(month == number and name in words.plain for name, month in month_names().items()):
        return True
    return any(number in map(int, filter(None, date)) for date in _DATE.findall(passage))


def _opens_with_another(claim: str, passage: str, words: Words) -> bool:
    """Whether `claim` begins with a name that the passage does not have: before another name or an "'s", or where the
    passage has another name before the same words."""
    tokens = [match.group() for match in WORD.finditer(claim[:400])]
    if len(tokens) < 2 or UNSPACED.search(claim[:40]) or not tokens[0][0].isupper() or len(tokens[0]) < 2:
        return False
    first = flat(tokens[0])
    if first in COMMON or first in _OPENERS or first in _holding_words() or _is_named(first, words, passage):
        return False
    if tokens[0].endswith(("'s", "’s")):
        return True
    said = frozenset(flat(claim).split())
    following = [flat(token) for token in tokens[1 : 1 + _FOLLOWING]]
    return any(
        name not in said and sum(word in after for word in following) >= min(3, len(following))
        for name, after in _names_with_what_follows(passage)
    )


@lru_cache(REMEMBERED)
def _names_with_what_follows(passage: str) -> tuple[tuple[str, frozenset[str]], ...]:
    tokens = [match.group() for match in WORD.finditer(passage)]
    folded = [flat(token) for token in tokens]
    return tuple(
        (folded[at], frozenset(folded[at + 1 : at + 3 + _FOLLOWING]))
        for at, token in enumerate(tokens)
        if token[0].isupper() and len(token) > 1 and folded[at] not in COMMON and folded[at] not in _OPENERS
    )


@cache
def _holding_words() -> frozenset[str]:
    return frozenset(map(flat, function_words()))


def _is_exchanged(claim: str, passage: str) -> bool:
    """Whether Chinese or Japanese characters that the passage does not have stand where it has others, between the
    same characters: another name or number. Words of the same sense are let pass, as far as we know them."""
    if not _HAN.search(claim):
        return False
    claim, passage = ("".join(text.split()) for text in (claim, passage))
    for start, end in _absent_runs(claim, passage):
        mine = claim[start:end]
        for theirs in _in_its_place(claim, start, end, passage):
            if _names_another(mine, theirs, claim):
                return True
    return False


def _absent_runs(claim: str, passage: str) -> Iterator[tuple[int, int]]:
    """Stretches of Han characters of which no two neighbours stand in the passage as they do here."""
    for run in _HAN.finditer(claim):
        start = run.start()
        while start < run.end():
            end = start
            while end < run.end() and not _is_covered(claim, end, passage):
                end += 1
            if end > start:
                yield start, end
            start = max(end, start + 1)


def _is_covered(claim: str, at: int, passage: str) -> bool:
    return claim[max(0, at - 1) : at + 1] in passage and at > 0 or claim[at : at + 2] in passage


def _in_its_place(claim: str, start: int, end: int, passage: str) -> Iterator[str]:
    """What the passage has between the two characters before `start` and the two after `end`; or before the three after
    `end`, where a clause begins in it and what comes before `start` is not in it."""
    left, right = claim[max(0, start - 2) : start], claim[end : end + 2]
    at = passage.find(left) if len(left) == 2 else -1
    while at >= 0:
        begin = at + len(left)
        stop = passage.find(right, begin, begin + _BETWEEN + len(right)) if len(right) == 2 else -1
        if stop > begin:
            yield passage[begin:stop]
        at = passage.find(left, at + 1)
    following = claim[end : end + 3]
    if len(following) == 3 and following.isalnum() and (len(left) < 2 or left not in passage):
        yield from _opening_clauses(following, passage)


def _opening_clauses(following: str, passage: str) -> Iterator[str]:
    """The short runs of characters that open a clause of the passage before `following`."""
    at = passage.find(following)
    while at >= 0:
        if match := _CLAUSE_START.search(passage[max(0, at - _BETWEEN) : at]):
            yield match[1]
        at = passage.find(following, at + 1)


def _names_another(mine: str, theirs: str, claim: str) -> bool:
    if theirs in claim or mine in _SAME or theirs in _SAME or set(mine) & set(theirs):
        return False
    if len(mine) == 1 or len(theirs) == 1:
        return set(mine) <= _COUNTING and set(theirs) <= _COUNTING
    return bool(_HAN.fullmatch(theirs) or _KATAKANA.fullmatch(theirs))

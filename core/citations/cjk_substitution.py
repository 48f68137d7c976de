"""Whether Chinese or Japanese characters of a sentence stand where the passage has others: another name or number."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from core.text.normalization import REMEMBERED

KATAKANA = re.compile(r"[\u30a1-\u30fa\u30fc]{3,}")
_HAN = re.compile(r"[\u3400-\u9fff々]+")
_BETWEEN = 10  # characters that may stand in a name's place
_SAME_SENSE = """
使用 利用 采用 运用 举行 召开 举办 开展 开始 启动 结束 终止 完成 达到 获得 取得 赢得 得到 成为 作为
位于 坐落 包括 包含 拥有 具有 进行 实施 实行 执行 可以 能够 可能 应该 应当 必须 需要 因为 由于 所以
因此 但是 不过 然而 如果 假如 虽然 尽管 以及 并且 而且 此外 另外 目前 现在 当前 如今 之后 以后 之前
以前 期间 时候 同时 随后 最后 最终 首先 其中 主要 重要 关键 非常 十分 特别 尤其 增加 增长 提高 提升
上升 减少 下降 降低 表示 指出 认为 宣布 公布 发布 称为 叫做 名为 属于 负责 担任 出任 建立 成立 设立
创建 建造 修建 建成 导致 造成 引起 产生 发生 出现 存在 居住 生活 出生 诞生 去世 逝世 死亡 参加 参与
加入 问题 情况 方面 部分 大约 大概 左右 超过 多达 根据 依据 按照 关于 对于 通过 经过 这个 这些 那些
他们 我们 自己 一个 一种 没有 已经 正在 开设 开放 提供 支持 帮助 影响 发现 实施 開催 開始 終了 完了
以降 以後 以前 現在 当時 同時 場合 必要 可能 重要 主要 存在 位置 所在 使用 活用 採用 増加 減少 上昇
低下 発表 公表 設立 創設 創立 建設 建築 建造 誕生 出生 死去 死亡 参加 加入 所属 担当 就任 獲得 取得
達成 発生 原因 理由 結果 影響 問題 部分 一部 全体 全て 多数 多く 約束 程度 以上 以下 未満 最初 最後
最終 最大 最高 特徴 特色 名称 呼称 説明 記述 比較 関係 関連 含有
"""
_SAME = frozenset(_SAME_SENSE.split())
_CLAUSE_START = re.compile(r"(?:^|[^\w])([\u3400-\u9fff々\u30a1-\u30fc]{2,6})$")
_COUNTING = frozenset("〇零一二三四五六七八九十百千万亿億两兩")
_FOLLOWING = 3  # characters after a clause's first ones by which its place is known
_PARTICLES = str.maketrans("がも", "はは")  # a subject may be told as the topic


def is_exchanged(claim: str, passage: str) -> bool:
    """Words of the same sense are let pass, as far as we know them."""
    if not _HAN.search(claim):
        return False
    claim, passage = _joined(claim), _joined(passage)
    for start, end in _absent_runs(claim, passage):
        mine = claim[start:end]
        for theirs in _in_its_place(claim, start, end, passage):
            if _names_another(mine, theirs, claim):
                return True
    return False


@lru_cache(REMEMBERED)
def _joined(text: str) -> str:
    return "".join(text.split()).translate(_PARTICLES)


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
    following = claim[end : end + _FOLLOWING]
    named = following[:1].isalnum() and sum(map(str.isalnum, following)) >= _FOLLOWING - 1
    if named and (len(left) < 2 or left not in passage):
        yield from _opening_clauses(following, passage)


def _opening_clauses(following: str, passage: str) -> Iterator[str]:
    """The short runs of characters that open a clause of the passage before `following`."""
    at = passage.find(following)
    while at >= 0:
        if match := _CLAUSE_START.search(passage[max(0, at - _BETWEEN) : at]):
            yield match[1]
        at = passage.find(following, at + 1)


def _names_another(mine: str, theirs: str, claim: str) -> bool:
    if theirs in claim or mine in _SAME or theirs in _SAME:
        return False
    mine, theirs = _apart(mine, theirs)
    if not mine or not theirs or set(mine) & set(theirs):
        return False
    if len(mine) == 1 or len(theirs) == 1:
        return set(mine) <= _COUNTING and set(theirs) <= _COUNTING
    return bool(_HAN.fullmatch(theirs) or KATAKANA.fullmatch(theirs))


def _apart(one: str, other: str) -> tuple[str, str]:
    """The two without what they begin and end with alike."""
    while one and other and one[0] == other[0]:
        one, other = one[1:], other[1:]
    while one and other and one[-1] == other[-1]:
        one, other = one[:-1], other[:-1]
    return one, other

"""How often a question that stands on its own is taken for a follow-up, on files of questions that all do.

usage: bench_followups.py FILE.jsonl [FILE.jsonl ...]      (a line {"question": "…", "lang": "…"} each)
"""

from __future__ import annotations

import json
import sys
from collections import Counter, defaultdict
from pathlib import Path

from core.chat.followups import follow_up_signals

SHOWN = 6


def main() -> None:
    """Print the share for every file and language, and some of the questions."""
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    for name in sys.argv[1:]:
        asked: Counter[str] = Counter()
        leans: dict[str, list[str]] = defaultdict(list)
        for line in Path(name).read_text(encoding="utf-8").splitlines():
            query = json.loads(line)
            language = query.get("lang", "")
            asked[language] += 1
            if follow_up_signals(query["question"]):
                leans[language].append(query["question"])
        for language, number in asked.items():
            share = 100 * len(leans[language]) / number
            print(f"{Path(name).parent.name:18} {language:3} {number:5} questions  {share:5.1f} % taken for follow-ups")
            for question in leans[language][:SHOWN]:
                print("      ", question)


if __name__ == "__main__":
    main()

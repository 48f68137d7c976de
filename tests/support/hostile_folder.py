"""A folder of hostile files: mutants of valid documents, texts made to keep a program busy, and control documents that
must be found whatever stands beside them."""

from __future__ import annotations

import random
from pathlib import Path

from tests.fuzz.mutation import mutated
from tests.fuzz.seeds import documents_by_name
from tests.support.slow_texts import slow_texts

FORMATS = ("docx", "pdf", "pptx", "ods", "doc", "html", "json", "eml", "rtf", "csv")
CONTROLS = 20


def make_hostile_folder(folder: Path, mutants: int, text_chars: int, seed: int) -> dict[str, str]:
    """Write `mutants` of each of `FORMATS`, a text of `text_chars` characters of each slow kind, and the control
    documents. Returns the word that each control document must be found by, by its name."""
    chance = random.Random(seed)
    by_name = documents_by_name()
    folder.mkdir(parents=True)
    for ending in FORMATS:
        sound = by_name[f"a.{ending}"]
        for number in range(mutants):
            (folder / f"mutant {number}.{ending}").write_bytes(mutated((sound,), chance))
    for number, text in enumerate(slow_texts(text_chars, chance).values()):
        (folder / f"slow {number}.{'md' if number % 2 else 'txt'}").write_text(text, encoding="utf-8")
    controls = {f"control {number}.txt": f"kumquat{number * 7919}" for number in range(CONTROLS)}
    for name, word in controls.items():
        (folder / name).write_text(f"The {word} is ripe.\n", encoding="utf-8")
    return controls

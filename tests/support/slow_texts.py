"""Texts that were, or could be, slow to cut or to analyse."""

from __future__ import annotations

import random

CHARACTERS = {
    "dots": ".",
    "letters": "x",
    "blanks": " ",
    "tabs": "\t",
    "brackets": "(",
    "quotes": '"',
    "hashes": "#",
    "pipes": "|",
    "Chinese": "粉",
    "marks": "a\u0301\u0323",
    "ligatures": "\ufdfa",
    "joiners": "👩\u200d",
}


def slow_texts(size: int, source: random.Random) -> dict[str, str]:
    """Texts of about `size` characters, by name."""
    characters = {
        "dots": ".",
        "letters": "x",
        "blanks": " ",
        "tabs": "\t",
        "brackets": "(",
        "quotes": '"',
        "hashes": "#",
    }
    characters |= {
        "Chinese": "粉",
        "marks": "a\u0301\u0323",
        "ligatures": "\ufdfa",
        "joiners": "👩\u200d",
        "pipes": "|",
    }
    texts = {
        f"x and {name}": "x" + character * (size // len(character)) + "x" for name, character in characters.items()
    }
    pairs = [".x", "!?", "a.", "1,", "a'", "[(", "-\n", "|\n", "# \n", "> ", "* \n", "a\u0301 ", "x_", "é'", "。粉"]
    texts |= {f"pairs {pair!r}": pair * (size // len(pair)) for pair in pairs}
    texts["nested brackets"] = "(" * (size // 2) + ")" * (size // 2)
    texts["deep list"] = "\n".join(f"{' ' * (n % 2000)}- item" for n in range(size // 1000))
    texts["equal sentences"] = "The mill grinds. " * (size // 17)
    texts["headings"] = "# A\n\nb\n\n" * (size // 8)
    texts["table rows"] = "| a | b |\n|---|---|\n" + "| 1 | 2 |\n" * (size // 10)
    texts["noise"] = "".join(source.choices("aé粉.!?\n\t \"'()[]|#-*1,", k=size))
    return texts

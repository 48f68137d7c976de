"""Damages model files in their headers and weights, and opens each in a process of its own.

python -m tests.support.mutated_models embedder|chat FILE.gguf     opens and uses one; used by `outcome`
"""

from __future__ import annotations

import random
import resource
import struct
import subprocess
import sys
import tempfile
from pathlib import Path

from models.faults import ModelFault

CPU_S, MEMORY_BYTES = 60, 6 << 30
WORKS, REFUSED = "works", "refused"


def mutate(sound: bytes, chance: random.Random, header_bytes: int) -> tuple[bytes, str]:
    """`sound` with one damage; returns the damaged bytes and what was done."""
    raw = bytearray(sound)
    what = chance.choice(("bit", "byte", "number", "zeros", "cut", "swap", "nan", "weights"))
    if what in ("nan", "weights", "zeros"):
        at = chance.randrange(header_bytes, len(raw) - 4096)
        raw[at : at + 4096] = {
            "nan": struct.pack("<H", 0x7E00) * 2048,
            "weights": chance.randbytes(4096),
            "zeros": bytes(4096),
        }[what]
    elif what == "cut":
        at = chance.randrange(header_bytes, len(raw))
        del raw[at:]
    elif what == "swap":
        at, other = (chance.randrange(24, header_bytes - 8) for _ in range(2))
        raw[at : at + 8], raw[other : other + 8] = raw[other : other + 8], raw[at : at + 8]
    else:
        at = chance.randrange(24, min(header_bytes, 6000) if chance.random() < 0.7 else header_bytes)
        if what == "bit":
            raw[at] ^= 1 << chance.randrange(8)
        elif what == "byte":
            raw[at] = chance.randrange(256)
        else:
            raw[at : at + 4] = struct.pack("<I", chance.choice((0, 1, 2**31 - 1, 2**32 - 1, chance.randrange(2**32))))
    return bytes(raw), f"{what} at {at}"


def outcome(kind: str, file: Path) -> str:
    """`WORKS`, `REFUSED` (with a sentence), or how the process ended."""

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_CPU, (CPU_S, CPU_S))
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))

    done = subprocess.run(
        [sys.executable, "-m", "tests.support.mutated_models", kind, str(file)],
        capture_output=True, text=True, preexec_fn=limit, cwd=Path(__file__).parents[2],
    )  # fmt: skip
    last = done.stdout.strip().splitlines()[-1:]
    if done.returncode == 0 and last in ([WORKS], [REFUSED]):
        return last[0]
    error = done.stderr.strip().splitlines()[-1:]
    return f"ended with {done.returncode}: {error[0][:160] if error else ''}"


def _use(kind: str, file: Path) -> None:
    if kind == "embedder":
        from models.embedder import Embedder

        embedder = Embedder.open(file)
        embedder.embed_passages(["The valve closes in winter.", "word " * 400])
        embedder.close()
        return
    from models.chat_model import ChatModel
    from models.conversation import Conversation, Message, Role
    from models.gguf.header import read_header
    from models.loading.load_plan import plan_chat
    from models.machine.probe import probe_machine

    plan = plan_chat(read_header(file), probe_machine(), budget_bytes=4 << 30, wanted_context=2048, search_models=[])
    with tempfile.TemporaryDirectory() as cache:
        model = ChatModel.open(file, plan, Path(cache))
        for _ in model.generate(Conversation((Message(Role.USER, "Hello"),)), max_tokens=8):
            pass
        model.close()


if __name__ == "__main__":
    try:
        _use(sys.argv[1], Path(sys.argv[2]))
        print(WORKS)
    except ModelFault as fault:
        assert str(fault)
        print(REFUSED)

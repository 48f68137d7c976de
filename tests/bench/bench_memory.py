"""Measures the peak memory of a process that loads a chat model and generates, and compares it with the load plan.

    python -m tests.bench.bench_memory --model FILE.gguf [--contexts 8192,32768,131072] [--mapped] [--limit-gib 16]

Each context length is measured in its own process. `--limit-gib` puts it into a control group of that size without swap
(Linux, as root), to compare its speed with that of an unlimited one. PAPERMOOR_BENCH_MODEL can name the file as well.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

GIB = 2**30
GROUPS = (Path("/sys/fs/cgroup/memory"), Path("/sys/fs/cgroup"))  # version 1, version 2


def peak_bytes() -> int:
    """The most memory that has been resident in this process, file pages included."""
    status = Path("/proc/self/status")
    if status.exists():
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) * 1024
    import psutil

    memory = psutil.Process().memory_info()
    return int(getattr(memory, "peak_wset", memory.rss))


def measure(model: Path, context: int, mapped: bool, tokens: int) -> dict[str, object]:
    """Load the model, prefill a prompt of some hundred tokens and decode `tokens`; return the figures."""
    from models.chat_model import ChatModel
    from models.conversation import Conversation, Finished, Message, Role, Sampling
    from models.gguf.header import read_header
    from models.loading.load_plan import plan_chat
    from models.machine.probe import probe_machine

    plan = plan_chat(read_header(model), probe_machine(), wanted_context=context)
    if mapped:
        plan = replace(plan, mmap=True, repack=False, repack_experts=False)
    text = "The valve is opened in winter and closed in spring. " * 60
    conversation = Conversation((Message(Role.USER, text),), instructions="Answer from the documents.")
    with tempfile.TemporaryDirectory() as cache:
        chat = ChatModel.open(model, plan, Path(cache))
        loaded_bytes = peak_bytes()
        *_, last = chat.generate(conversation, max_tokens=tokens, sampling=Sampling(seed=1))
        assert isinstance(last, Finished)
        chat.close()
    usage = last.usage
    return {
        "context": plan.context_tokens,
        "kv": plan.kv_type,
        "weights": "repacked" if plan.repack else "mapped",
        "estimated_gib": round(plan.estimated_bytes / GIB, 2),
        "peak_after_load_gib": round(loaded_bytes / GIB, 2),
        "peak_gib": round(peak_bytes() / GIB, 2),
        "prefill_tokens_per_s": round(usage.prompt_tokens / usage.prefill_s, 2),
        "decode_tokens_per_s": round(usage.generated_tokens / usage.decode_s, 2),
    }


@contextmanager
def control_group(limit_bytes: int) -> Iterator[Path]:
    """A control group without swap whose processes are killed beyond `limit_bytes`, counting file pages that cannot be
    dropped."""
    base = next(folder for folder in GROUPS if (folder / "cgroup.procs").exists())
    group = base / f"papermoor-bench-{os.getpid()}"
    group.mkdir()
    try:
        limits = {"memory.limit_in_bytes": limit_bytes, "memory.memsw.limit_in_bytes": limit_bytes}
        if not (group / "memory.limit_in_bytes").exists():
            limits = {"memory.max": limit_bytes, "memory.swap.max": 0}
        for name, value in limits.items():
            if (group / name).exists():
                (group / name).write_text(str(value))
        yield group
    finally:
        group.rmdir()


def run_child(arguments: argparse.Namespace, context: int, group: Path | None) -> str:
    command = [sys.executable, "-m", "tests.bench.bench_memory", "--child", "--model", str(arguments.model)]
    command += ["--contexts", str(context), "--tokens", str(arguments.tokens)]
    command += ["--mapped"] if arguments.mapped else []
    enter = (lambda: (group / "cgroup.procs").write_text(str(os.getpid()))) if group is not None else None
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, preexec_fn=enter, check=False)  # noqa: PLW1509
    return done.stdout.strip() or f"ended with {done.returncode}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, default=os.environ.get("PAPERMOOR_BENCH_MODEL"))
    parser.add_argument("--contexts", default="8192,32768,131072")
    parser.add_argument("--tokens", type=int, default=24)
    parser.add_argument("--mapped", action="store_true", help="weights in the file cache, whatever the plan says")
    parser.add_argument("--limit-gib", type=float, default=0)
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if not arguments.model:
        parser.error("name a model file")
    for context in map(int, arguments.contexts.split(",")):
        if arguments.child:
            print(json.dumps(measure(arguments.model, context, arguments.mapped, arguments.tokens)))
        elif arguments.limit_gib:
            with control_group(int(arguments.limit_gib * GIB)) as group:
                print(run_child(arguments, context, group), flush=True)
        else:
            print(run_child(arguments, context, None), flush=True)


if __name__ == "__main__":
    main()

"""python3 dev.py fuzz [TARGET...] [--seconds N | --inputs N] [--seed S] [--input FILE].

Feeds the targets inputs made by chance. Each target runs in a process of its own; an input over which that process
fails, ends, or uses more than `MOST_CPU_S` of the processor is written to a file, and the command that repeats it is
printed. The exit status is 1 then.
"""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import sys
import tempfile
import time
import traceback
from pathlib import Path

from tests.fuzz.mutation import mutated
from tests.fuzz.targets import targets

MOST_CPU_S = 20
MEMORY_BYTES = 4 << 30
LAST_INPUT = "last-input"


def main() -> int:
    parser = argparse.ArgumentParser(prog="dev.py fuzz", description=__doc__)
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=", ".join(targets()))
    parser.add_argument("--seconds", type=float, help="for each target (10)")
    parser.add_argument("--inputs", type=int, help="of each target, instead of a time")
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--input", type=Path, help="one file, for the target named")
    arguments = parser.parse_args()
    names = arguments.targets or list(targets())
    if unknown := set(names) - set(targets()):
        parser.error(f"no such target: {', '.join(sorted(unknown))}")
    if arguments.input is not None:
        targets()[names[0]].check(arguments.input.read_bytes())
        return 0
    failed = [name for name in names if not fuzz(name, arguments.seed, arguments.seconds or 10.0, arguments.inputs)]
    return 1 if failed else 0


def fuzz(name: str, seed: int, seconds: float, inputs: int | None) -> bool:
    """Run one target in a process of its own and print the outcome; False if it failed."""
    with tempfile.TemporaryDirectory(prefix="papermoor-fuzz-") as folder:
        command = [sys.executable, "-m", "tests.fuzz.worker", name, str(seed), str(seconds), str(inputs or 0), folder]
        environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
        done = subprocess.run(command, capture_output=True, text=True, env=environment)
        if done.returncode == 0:
            print(f"{name:12} {done.stdout.strip()}", flush=True)
            return True
        kept = Path(tempfile.gettempdir()) / f"papermoor-fuzz-{name}-{seed}.bin"
        last = Path(folder) / LAST_INPUT
        kept.write_bytes(last.read_bytes() if last.exists() else b"")
    print(f"{name:12} FAILED (status {done.returncode})\n{done.stderr.strip()[-2000:]}", flush=True)
    print(f"  repeat it with: python3 dev.py fuzz {name} --input {kept}", flush=True)
    return False


def run_target(name: str, seed: int, seconds: float, inputs: int, folder: Path) -> int:
    """Check inputs until the time or their number is over; the one being checked lies in `folder`. Returns how many."""
    target = targets()[name]
    chance = random.Random(f"{name} {seed}")
    end_s, count = time.monotonic() + seconds, 0
    while count < inputs if inputs else time.monotonic() < end_s:
        raw = mutated(target.seeds, chance)
        (folder / LAST_INPUT).write_bytes(raw)
        _limit_processor_time()
        target.check(raw)
        count += 1
    return count


def _limit_processor_time() -> None:
    """Have the system end this process if the next input uses more than `MOST_CPU_S`, in native code too."""
    if sys.platform != "win32":
        import resource

        usage = resource.getrusage(resource.RUSAGE_SELF)
        _, hard = resource.getrlimit(resource.RLIMIT_CPU)
        resource.setrlimit(resource.RLIMIT_CPU, (int(usage.ru_utime + usage.ru_stime) + MOST_CPU_S, hard))
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, resource.getrlimit(resource.RLIMIT_AS)[1]))


def run_worker(arguments: list[str]) -> int:
    name, seed, seconds, inputs, folder = arguments
    try:
        count = run_target(name, int(seed), float(seconds), int(inputs), Path(folder))
    except Exception:
        traceback.print_exc()
        return 1
    print(f"{count} inputs")
    return 0


if __name__ == "__main__":
    sys.exit(main())

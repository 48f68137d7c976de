"""What a parser process inherits: no descriptor, no terminal, no variable, and no life beyond that of its parent."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import textwrap
import threading
from pathlib import Path

import psutil
import pytest

import core
from core.parsing.process.pool import ParserPool
from tests.support.confined_probes import Probe, errors_of
from tests.support.documents import write_endless_pdf
from tests.unit.core.parsing.process.test_syscalls import native

ROOT = Path(core.__file__).parents[1]
linux = pytest.mark.skipif(sys.platform != "linux", reason="the kernel of Linux does this")


def started(code: str, folder: Path, *arguments: str, **environment: str) -> subprocess.Popen[str]:
    program = folder / "program.py"
    program.write_text(textwrap.dedent(code), "utf-8")
    return subprocess.Popen(
        [sys.executable, str(program), *arguments],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
    )


@native
def test_no_descriptor_is_inherited() -> None:
    """What is open answers a read at a position with another error, or none."""
    kept = os.pipe()
    try:
        probes: list[Probe] = [(17, [descriptor, "buffer", 1, 0]) for descriptor in range(3, 200)]
        open_ones = [error for error in errors_of(probes) if error != errno.EBADF]
    finally:
        for descriptor in kept:
            os.close(descriptor)
    assert open_ones == [errno.ESPIPE]  # the pipe to the parent


SECRETS = """
    import ctypes, os
    from core.parsing.limits import ParseLimits
    from core.parsing.process.confinement import confine
    out = os.dup(1)
    libc = ctypes.CDLL(None)
    libc.getenv.restype = ctypes.c_void_p
    address = libc.getenv(b"A_SECRET")
    before = ctypes.string_at(address)
    confine(ParseLimits(), out)
    answers = [before, ctypes.string_at(address, len(before)), os.environ.get("A_SECRET"), sorted(os.environ)]
    os.write(out, repr((answers, os.getpid())).encode())
"""


@linux
def test_the_environment_is_forgotten(tmp_path: Path) -> None:
    with started(SECRETS, tmp_path, A_SECRET="swordfish") as program:
        output, _ = program.communicate()
    (before, after, variable, names), _ = eval(output)
    assert (before, after, variable) == (b"swordfish", bytes(9), None)
    assert set(names) <= {"TZ", "LANG", "LC_ALL", "LC_CTYPE"}


def test_a_process_outlives_the_thread_that_asked_for_it(tmp_path: Path) -> None:
    note = tmp_path / "note.md"
    note.write_text("Mills grind.")
    with ParserPool(1) as pool:
        children = []
        for _ in range(2):
            thread = threading.Thread(target=pool.parse, args=(note,))
            thread.start()
            thread.join()
            children.append(
                {child.pid for child in psutil.Process().children() if "spawn_main" in str(child.cmdline())}
            )
        assert len(children[0]) == 1
        assert children[0] == children[1]


PARENT = """
    import sys, threading
    from pathlib import Path
    from core.parsing.limits import ParseLimits
    from core.parsing.process.pool import ParserPool
    import psutil
    pool = ParserPool(1, ParseLimits(base_s=600.0, memory_bytes=8 << 30))
    threading.Thread(target=lambda: list(pool.parse_many([Path(sys.argv[1])])), daemon=True).start()
    while not (found := [c for c in psutil.Process().children() if "spawn_main" in " ".join(c.cmdline())]):
        pass
    while not found[0].nice():  # it lowers its priority after it has left the terminal
        pass
    print(found[0].pid, flush=True)
    threading.Event().wait()
"""


@linux
def test_a_stopped_process_ends_with_its_parent_and_has_a_session_of_its_own(tmp_path: Path) -> None:
    with started(PARENT, tmp_path, str(write_endless_pdf(tmp_path / "endless.pdf"))) as parent:
        assert parent.stdout is not None
        worker = psutil.Process(int(parent.stdout.readline()))
        session, own = os.getsid(worker.pid), os.getsid(0)
        os.kill(worker.pid, signal.SIGSTOP)
        parent.kill()
    _, alive = psutil.wait_procs([worker], timeout=30)
    assert not alive
    assert session == worker.pid != own


@linux
def test_nobody_else_reads_the_memory_of_parser_and_application(tmp_path: Path) -> None:
    """Root may read it all the same; the owner of its files tells what the kernel decides for others."""
    note = tmp_path / "note.md"
    note.write_text("Mills grind.")
    code = """
        import sys
        from pathlib import Path
        from core.parsing.process.pool import ParserPool
        import ctypes, psutil
        with ParserPool(1) as pool:
            pool.parse(Path(sys.argv[1]))
            print(ctypes.CDLL(None).prctl(3, 0, 0, 0, 0))  # PR_GET_DUMPABLE
    """
    with started(code, tmp_path, str(note)) as program:
        output, _ = program.communicate()
    assert output.strip() == "0"

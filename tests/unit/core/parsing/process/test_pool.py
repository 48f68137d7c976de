"""Worker processes: reused, confined, replaced when a file breaks them, and ended with their parent."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
import textwrap
import zlib
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

import core
from core.parsing.document import Block, BlockKind
from core.parsing.faults import ParseFault, ParseProblem
from core.parsing.limits import ParseLimits
from core.parsing.process.pool import ParserPool
from models.cancel import CancelToken
from models.faults import Cancelled
from tests.support.documents import Words, write_endless_pdf, write_pdf, write_raw_pdf

ROOT = Path(core.__file__).parents[1]


@pytest.fixture
def pool() -> Iterator[ParserPool]:
    with ParserPool(2) as pool:
        yield pool


def parsers() -> set[int]:
    """The parser processes of this process (its other child is multiprocessing's resource tracker)."""
    children = psutil.Process().children(recursive=True)
    return {child.pid for child in children if "spawn_main" in " ".join(child.cmdline())}


def note(folder: Path, name: str = "note.md", text: str = "# Mills\n\nThey grind.\n") -> Path:
    path = folder / name
    path.write_text(text, "utf-8")
    return path


def problem_of(pool: ParserPool, path: Path) -> ParseProblem:
    with pytest.raises(ParseFault) as caught:
        pool.parse(path)
    return caught.value.problem


def python(code: str, folder: Path, *arguments: str, **environment: str) -> subprocess.Popen[str]:
    """Start `code` as a program of its own."""
    program = folder / "program.py"
    program.write_text(textwrap.dedent(code), "utf-8")
    return subprocess.Popen(
        [sys.executable, str(program), *arguments],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env=os.environ | environment,
    )


def test_a_document_comes_back_as_it_was_parsed(pool: ParserPool, tmp_path: Path) -> None:
    document = pool.parse(note(tmp_path))
    assert document.text == "# Mills\n\nThey grind.\n"
    assert document.blocks[0] == Block(BlockKind.HEADING, 0, 7, 1, "Mills")


def test_one_process_parses_file_after_file(tmp_path: Path) -> None:
    with ParserPool(1) as pool:
        pool.parse(note(tmp_path))
        first = parsers()
        for number in range(5):
            pool.parse(note(tmp_path, f"{number}.md"))
        assert parsers() == first
        assert len(first) == 1
    assert parsers() == set()


def test_files_are_parsed_in_parallel_each_with_its_outcome(pool: ParserPool, tmp_path: Path) -> None:
    paths = [note(tmp_path, f"{number}.md", f"# {number}\n") for number in range(20)]
    paths.append(note(tmp_path, "empty.md", ""))
    outcomes = {outcome.path: outcome for outcome in pool.parse_many(iter(paths))}
    assert set(outcomes) == set(paths)
    assert outcomes[paths[3]].document is not None
    fault = outcomes[paths[-1]].fault
    assert fault is not None and fault.problem is ParseProblem.EMPTY


def test_a_file_that_takes_too_long_costs_only_its_process(tmp_path: Path) -> None:
    endless = write_endless_pdf(tmp_path / "endless.pdf")
    with ParserPool(1, ParseLimits(base_s=0.5, memory_bytes=8 << 30)) as pool:
        pool.parse(note(tmp_path))
        before = parsers()
        assert problem_of(pool, endless) is ParseProblem.TIMED_OUT
        assert pool.parse(note(tmp_path)).text
        assert parsers().isdisjoint(before)


def test_a_file_that_takes_too_much_memory_costs_only_its_process(tmp_path: Path) -> None:
    compressor = zlib.compressobj(9)
    content = b"".join(compressor.compress(b" " * (1 << 20)) for _ in range(300)) + compressor.flush()
    bomb = write_raw_pdf(tmp_path / "bomb.pdf", [content], filters="/Filter /FlateDecode")
    with ParserPool(1, ParseLimits(memory_bytes=300 << 20)) as pool:
        assert problem_of(pool, bomb) in (ParseProblem.CRASHED, ParseProblem.OUT_OF_MEMORY, ParseProblem.EMPTY)
        assert pool.parse(note(tmp_path)).text


def test_a_cancelled_run_leaves_a_working_pool(tmp_path: Path) -> None:
    endless = write_endless_pdf(tmp_path / "endless.pdf")
    cancel = CancelToken()
    with ParserPool(1) as pool:
        outcomes = pool.parse_many([note(tmp_path), endless], cancel)
        assert next(outcomes).document is not None
        cancel.cancel()
        with pytest.raises(Cancelled):
            next(outcomes)
        assert pool.parse(note(tmp_path)).text


def test_a_process_that_died_while_idle_is_replaced(tmp_path: Path) -> None:
    with ParserPool(1) as pool:
        pool.parse(note(tmp_path))
        for pid in parsers():
            psutil.Process(pid).kill()
            psutil.Process(pid).wait()
        assert pool.parse(note(tmp_path)).text


def test_a_path_that_is_not_utf8_is_read(pool: ParserPool, tmp_path: Path) -> None:
    path = tmp_path / "caf\udce9 \n.txt"
    try:
        path.write_text("Odd name, plain text.")
    except (OSError, UnicodeError):
        pytest.skip("this file system has no such names")
    assert pool.parse(path).text == "Odd name, plain text."


@pytest.mark.skipif(sys.platform == "win32", reason="killed processes are handled by a job object there")
def test_the_processes_die_with_a_parent_that_is_killed(tmp_path: Path) -> None:
    code = """
        import sys
        sys.path.insert(0, sys.argv[2])
        from pathlib import Path
        from core.parsing.limits import ParseLimits
        from core.parsing.process.pool import ParserPool
        import psutil
        pool = ParserPool(1, ParseLimits(base_s=600.0, memory_bytes=8 << 30))
        started = pool.parse_many([Path(sys.argv[1])])
        import threading
        threading.Thread(target=lambda: list(started), daemon=True).start()
        while not (workers := [c.pid for c in psutil.Process().children() if "spawn_main" in " ".join(c.cmdline())]):
            pass
        print(*workers, flush=True)
        threading.Event().wait()
    """
    parent = python(code, tmp_path, str(write_endless_pdf(tmp_path / "endless.pdf")), str(ROOT))
    assert parent.stdout is not None
    workers = [psutil.Process(int(pid)) for pid in parent.stdout.readline().split()]
    parent.kill()
    parent.wait()
    parent.stdout.close()
    _, alive = psutil.wait_procs(workers, timeout=30)
    assert workers and not alive


def test_the_main_module_of_the_parent_is_not_run_again(tmp_path: Path) -> None:
    code = """
        import sys
        print("main module runs as", __name__, flush=True)
        sys.path.insert(0, sys.argv[2])
        from pathlib import Path
        from core.parsing.process.pool import ParserPool
        with ParserPool(1) as pool:
            print(pool.parse(Path(sys.argv[1])).text.strip(), flush=True)
    """
    program = python(code, tmp_path, str(note(tmp_path, text="It is read.")), str(ROOT))
    output, _ = program.communicate()
    assert output.splitlines() == ["main module runs as __main__", "It is read."]


def test_a_worker_needs_no_bytecode_on_disk(tmp_path: Path) -> None:
    code = """
        import sys
        sys.path.insert(0, sys.argv[2])
        from pathlib import Path
        from core.parsing.process.pool import ParserPool
        with ParserPool(1) as pool:
            print(pool.parse(Path(sys.argv[1])).text.strip(), flush=True)
    """
    pdf = write_pdf(tmp_path / "a.pdf", [[Words("It is read.")]])
    environment = {"PYTHONPYCACHEPREFIX": str(tmp_path / "cache"), "PYTHONDONTWRITEBYTECODE": ""}
    output, _ = python(code, tmp_path, str(pdf), str(ROOT), **environment).communicate()
    assert output.splitlines() == ["It is read."]


CONFINED = """
    import os, socket, subprocess, sys
    sys.path.insert(0, sys.argv[1])
    from core.parsing.process import confinement
    out = os.dup(1)
    confinement.confine(confinement.ParseLimits(), out)
    attempts = {
        "socket": lambda: socket.socket(),
        "resolve": lambda: socket.getaddrinfo("example.org", 80),
        "program": lambda: subprocess.run(["true"]),
        "shell": lambda: os.system("true"),
        "write": lambda: open(sys.argv[2], "w"),
        "write_low": lambda: os.open(sys.argv[2], os.O_WRONLY | os.O_CREAT),
        "remove": lambda: os.remove(__file__),
        "fork": lambda: os.fork(),
        "read": lambda: open(__file__).close(),
        "read_low": lambda: os.open(__file__, os.O_RDONLY),
    }
    for name, attempt in attempts.items():
        try:
            attempt()
        except confinement.OperationRefused:
            os.write(out, f"{name} refused\\n".encode())
        else:
            os.write(out, f"{name} allowed\\n".encode())
"""


@pytest.mark.skipif(sys.platform == "win32", reason="written for POSIX")
def test_a_confined_process_may_open_nothing_and_start_nothing(tmp_path: Path) -> None:
    target = tmp_path / "written.txt"
    output, _ = python(CONFINED, tmp_path, str(ROOT), str(target)).communicate()
    answers = dict(line.split() for line in output.splitlines())
    assert len(answers) == 10
    assert set(answers.values()) == {"refused"}
    assert not target.exists()


CONFINED_IN_C = """
    import ctypes, os, sys
    sys.path.insert(0, sys.argv[1])
    from core.parsing.process import confinement
    libc = ctypes.CDLL(None)
    out = os.dup(1)
    confinement.confine(confinement.ParseLimits(), out)
    name = os.fsencode(sys.argv[2])
    attempts = {
        "socket": lambda: libc.socket(2, 1, 0),
        "write": lambda: libc.open(name, os.O_WRONLY | os.O_CREAT, 0o600),
        "append": lambda: libc.open(os.fsencode(__file__), os.O_RDWR | os.O_APPEND),
        "folder": lambda: libc.mkdir(name, 0o700),
        "remove": lambda: libc.unlink(os.fsencode(__file__)),
        "program": lambda: libc.execv(b"/bin/true", (ctypes.c_char_p * 2)(b"true", None)),
        "read": lambda: libc.open(os.fsencode(__file__), os.O_RDONLY),
    }
    for label, attempt in attempts.items():
        os.write(out, f"{label} {'refused' if attempt() == -1 else 'allowed'}\\n".encode())
"""


@pytest.mark.skipif(
    sys.platform != "linux" or platform.machine() not in ("x86_64", "aarch64"), reason="a filter of Linux"
)
def test_the_kernel_refuses_native_code_the_same(tmp_path: Path) -> None:
    target = tmp_path / "written.txt"
    output, _ = python(CONFINED_IN_C, tmp_path, str(ROOT), str(target)).communicate()
    answers = dict(line.split() for line in output.splitlines())
    assert answers == dict.fromkeys(("socket", "write", "append", "folder", "remove", "program", "read"), "refused")
    assert not target.exists()


def test_a_worker_imports_only_what_documents_need(tmp_path: Path) -> None:
    code = """
        import sys
        sys.path.insert(0, sys.argv[1])
        import core.parsing.process.worker
        from core.parsing.process import preload
        preload.load_everything()
        heavy = "liteparse numpy pandas PySide6 pymilvus llama_cpp requests psutil asyncio"
        print(sorted(set(heavy.split()) & set(sys.modules)))
    """
    output, _ = python(code, tmp_path, str(ROOT)).communicate()
    assert output.strip() == "[]"


def test_the_time_limit_grows_with_the_pages(tmp_path: Path) -> None:
    limits = ParseLimits(base_s=10.0, per_page_s=0.1, longest_s=60.0)
    assert [limits.seconds(pages) for pages in (0, 100, 10_000)] == [10.0, 20.0, 60.0]


def test_a_closed_pool_cannot_be_used(tmp_path: Path) -> None:
    pool = ParserPool(1)
    pool.close()
    with pytest.raises(RuntimeError):
        pool.parse(note(tmp_path))


def test_a_pdf_parsed_by_a_worker_keeps_its_pages(pool: ParserPool, tmp_path: Path) -> None:
    document = pool.parse(write_pdf(tmp_path / "a.pdf", [[Words("One.")], [Words("Two.")]]))
    assert [document.text[page : page + 4] for page in document.pages] == ["One.", "Two."]


def test_starting_a_process_does_not_count_as_time_for_its_file(tmp_path: Path) -> None:
    """No process starts within this limit."""
    with ParserPool(1, ParseLimits(base_s=0.05)) as pool:
        assert pool.parse(note(tmp_path)).text


def test_a_worker_without_bytecode_reads_a_format_that_it_imports_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPYCACHEPREFIX", str(tmp_path / "bytecode"))
    page = note(tmp_path, "page.html", "<p>Mills grind.</p>")
    with ParserPool(1) as pool:
        assert pool.parse(page).text == "Mills grind."

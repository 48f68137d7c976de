"""Downloads from a hub that drops, stalls, corrupts, redirects and loses files arrive whole or not at all."""

from __future__ import annotations

import http.client
import os
import random
import shutil
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from models.cancel import CancelToken
from models.catalog.catalog import EmbedderEntry
from models.catalog.download import checksum_path, download, downloaded_bytes, part_path, resolve, verify
from models.catalog.fetch import CHECKING, TRYING_AGAIN, RetryBudget
from models.faults import Cancelled, DownloadFault, ModelFault
from models.progress import Progress, ignore_progress
from tests.support.hub_server import COMMIT, Hub, Response, serving

SIZE = 3_000_000
QUICK = RetryBudget(read_timeout_s=0.3, attempts=3, first_wait_s=0.01, longest_wait_s=0.02)


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "HF_ENDPOINT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("no_proxy", "127.0.0.1,localhost")


@pytest.fixture
def hub() -> Iterator[Hub]:
    with serving(Hub(random.Random(1).randbytes(SIZE))) as hub:
        yield hub


def entry(hub: Hub | None = None, *, revision: str | None = None, sha256: str | None = None) -> EmbedderEntry:
    return EmbedderEntry(
        key="test",
        label="Test",
        repository="somebody/model-GGUF",
        revision=revision,
        file="model-Q8_0.gguf",
        size_bytes=len(hub.content) if hub else None,
        sha256=hub.sha256 if hub else sha256,
        licence="MIT",
        architecture="bert",
        names=("model",),
        dimension=384,
        max_tokens=256,
        pooling="mean",
    )


def get(hub: Hub, folder: Path, **options: object) -> Path:
    return download(entry(hub), folder, endpoint=hub.url, retry_budget=QUICK, **options)  # type: ignore[arg-type]


def part_of(hub: Hub, folder: Path) -> Path:
    return part_path(folder, resolve(entry(hub), hub.url))


def assert_whole(path: Path, hub: Hub) -> None:
    assert path.read_bytes() == hub.content
    assert [other.name for other in path.parent.iterdir()] == [path.name]


def test_a_file_is_downloaded_and_verified(hub: Hub, tmp_path: Path) -> None:
    seen: list[Progress] = []
    path = get(hub, tmp_path / "models", report=seen.append)
    assert path == tmp_path / "models" / "model-Q8_0.gguf"
    assert_whole(path, hub)
    assert (seen[-1].done, seen[-1].total, seen[-1].unit) == (SIZE, SIZE, "bytes")
    assert [progress.done for progress in seen] == sorted(progress.done for progress in seen)


def test_a_downloaded_file_is_not_downloaded_again(hub: Hub, tmp_path: Path) -> None:
    get(hub, tmp_path)
    asked = len(hub.requests)
    get(hub, tmp_path)
    assert len(hub.requests) == asked


def test_the_pinned_revision_is_requested(hub: Hub, tmp_path: Path) -> None:
    download(entry(hub, revision="fedcba"), tmp_path, endpoint=hub.url, retry_budget=QUICK)
    assert hub.requests[:2] == [
        "HEAD /somebody/model-GGUF/resolve/fedcba/model-Q8_0.gguf",
        "GET /somebody/model-GGUF/resolve/fedcba/model-Q8_0.gguf",
    ]


def test_without_a_pin_commit_size_and_checksum_come_from_the_hub(hub: Hub, tmp_path: Path) -> None:
    path = download(entry(), tmp_path, endpoint=hub.url, retry_budget=QUICK)
    assert path.read_bytes() == hub.content
    assert checksum_path(path).read_text().strip() == hub.sha256, "kept, so that the file can be verified later"
    assert verify(path, entry()) == hub.sha256
    path.write_bytes(hub.content[:-1] + b"?")
    with pytest.raises(ModelFault):
        verify(path, entry())
    assert f"GET /somebody/model-GGUF/resolve/{COMMIT}/model-Q8_0.gguf" in hub.requests


def test_the_environments_mirror_is_used(hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", hub.url + "/")
    assert_whole(download(entry(hub), tmp_path, retry_budget=QUICK), hub)


FAILURES = {
    "drops": [Response(end_byte=100_000), Response(end_byte=100_001), Response(end_byte=2_999_999)],
    "drops before the first byte": [Response(end_byte=0), Response(end_byte=0)],
    "stalls": [Response(end_byte=1_000_000, stall=True), Response(end_byte=2_000_000, stall=True)],
    "ignores ranges": [
        Response(end_byte=1_000_000),
        Response(ignore_range=True, end_byte=2_000_000),
        Response(ignore_range=True),
    ],
    "is overloaded": [
        Response(status=503),
        Response(end_byte=1),
        Response(status=429, retry_after="0"),
        Response(status=500),
    ],
    "expires its redirects": [Response(end_byte=1_000_000), Response(status=403), Response()],
    "announces no length": [Response(end_byte=1_000_000, announced_length=SIZE), Response()],
}


@pytest.mark.parametrize("name", FAILURES)
def test_a_file_arrives_whole_from_a_server_that(hub: Hub, tmp_path: Path, name: str) -> None:
    hub.responses.extend(FAILURES[name])
    seen: list[Progress] = []
    assert_whole(get(hub, tmp_path, report=seen.append), hub)
    assert TRYING_AGAIN in {progress.detail for progress in seen}
    assert not hub.responses


def test_after_a_drop_only_the_rest_is_requested_from_the_permanent_address(hub: Hub, tmp_path: Path) -> None:
    hub.responses.extend([Response(end_byte=1_234_567), Response()])
    get(hub, tmp_path)
    assert hub.requested_ranges == [None, "bytes=1234567-"]
    assert sum(path.startswith("GET /somebody") for path in hub.requests) == 2


@pytest.mark.parametrize("there", [0, 1, 65_536, 1_234_567, SIZE - 1, SIZE])
def test_an_interrupted_download_resumes_at_any_byte(hub: Hub, tmp_path: Path, there: int) -> None:
    part_of(hub, tmp_path).write_bytes(hub.content[:there])
    assert downloaded_bytes(entry(hub), tmp_path) == there
    seen: list[Progress] = []
    assert_whole(get(hub, tmp_path, report=seen.append), hub)
    assert hub.requested_ranges == ([] if there == SIZE else [f"bytes={there}-" if there else None])
    assert (CHECKING in {progress.detail for progress in seen}) == (there > 0)


def test_a_part_file_that_is_too_long_is_discarded(hub: Hub, tmp_path: Path) -> None:
    part_of(hub, tmp_path).write_bytes(hub.content + b"x")
    assert_whole(get(hub, tmp_path), hub)
    assert hub.requested_ranges == [None]


def test_part_files_of_other_editions_are_deleted(hub: Hub, tmp_path: Path) -> None:
    (tmp_path / f"model-Q8_0.gguf.{'a' * 12}.part").write_bytes(b"of yesterday's edition")
    assert_whole(get(hub, tmp_path), hub)


CHILD = """
import sys
from pathlib import Path
from models.catalog.catalog import EmbedderEntry
from models.catalog.download import download
entry = EmbedderEntry(key="test", label="Test", repository="somebody/model-GGUF", file="model-Q8_0.gguf", licence="MIT",
                      architecture="bert", names=(), dimension=384, max_tokens=256, pooling="mean")
print("begun", flush=True)
download(entry, Path(sys.argv[2]), endpoint=sys.argv[1])
"""


def test_the_hub_is_asked_for_nothing_but_the_file(hub: Hub, tmp_path: Path) -> None:
    """In a process of its own, for which this hub is huggingface.co and nothing is cached: huggingface_hub would ask it
    once a day which programs may be calling."""
    environment = os.environ | {"HF_ENDPOINT": hub.url, "HF_HOME": str(tmp_path / "home")}
    command = [sys.executable, "-c", CHILD, hub.url, str(tmp_path / "models")]
    subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE)
    assert {path.split("/")[1].split("?")[0] for path in hub.requests} == {"somebody", "bytes"}


def test_a_killed_download_resumes_where_it_was(hub: Hub, tmp_path: Path) -> None:
    hub.responses.append(Response(end_byte=2_000_000, stall=True))
    child = subprocess.Popen([sys.executable, "-c", CHILD, hub.url, str(tmp_path)], stdout=subprocess.PIPE)
    with child:
        assert hub.stalled.wait(60)
        part = part_of(hub, tmp_path)
        while not part.exists() or part.stat().st_size < 1_000_000:  # what has been sent is being written
            assert child.poll() is None
        child.kill()
    there = part.stat().st_size
    assert part.read_bytes() == hub.content[:there]
    assert_whole(get(hub, tmp_path), hub)
    assert hub.requested_ranges[1:] == [f"bytes={there}-"]


def test_cancelling_ends_a_stalled_download_and_keeps_the_part(hub: Hub, tmp_path: Path) -> None:
    hub.responses.append(Response(end_byte=1_000_000, stall=True))
    cancel = CancelToken()

    def cancel_once_stalled() -> None:
        hub.stalled.wait(60)
        cancel.cancel()

    thread = threading.Thread(target=cancel_once_stalled)
    thread.start()
    with pytest.raises(Cancelled):
        download(entry(hub), tmp_path, endpoint=hub.url, cancel=cancel, retry_budget=RetryBudget(read_timeout_s=250))
    thread.join()
    part = part_of(hub, tmp_path)
    assert part.read_bytes() == hub.content[: part.stat().st_size]
    hub.shutting_down.set()
    assert_whole(get(hub, tmp_path), hub)


def test_cancelling_while_the_part_file_is_hashed_keeps_it(hub: Hub, tmp_path: Path) -> None:
    part = part_of(hub, tmp_path)
    part.write_bytes(hub.content[:2_500_000])
    cancel = CancelToken()
    with pytest.raises(Cancelled):
        get(hub, tmp_path, cancel=cancel, report=lambda _progress: cancel.cancel())
    assert part.stat().st_size == 2_500_000


def test_cancelling_between_attempts_does_not_wait(hub: Hub, tmp_path: Path) -> None:
    hub.responses.extend([Response(end_byte=10), Response(status=503)])
    cancel = CancelToken()

    def stop(progress: Progress) -> None:
        if progress.detail == TRYING_AGAIN:
            cancel.cancel()

    with pytest.raises(Cancelled):
        download(
            entry(hub),
            tmp_path,
            endpoint=hub.url,
            cancel=cancel,
            report=stop,
            retry_budget=RetryBudget(first_wait_s=250),
        )


def fault_of(hub: Hub, folder: Path) -> str:
    with pytest.raises(DownloadFault) as caught:
        get(hub, folder)
    assert not (folder / "model-Q8_0.gguf").exists()
    return str(caught.value)


def test_a_changed_byte_never_becomes_a_model(hub: Hub, tmp_path: Path) -> None:
    hub.responses.append(Response(corrupt_at=2_000_000))
    assert "its content is not what was published" in fault_of(hub, tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_part_of_another_file_never_becomes_a_model(hub: Hub, tmp_path: Path) -> None:
    part_of(hub, tmp_path).write_bytes(bytes(1000))
    assert "its content is not what was published" in fault_of(hub, tmp_path)
    assert_whole(get(hub, tmp_path), hub)


FAULTS = {
    "keeps failing": ([Response(end_byte=100)] + [Response(end_byte=0)] * 9, "kept failing"),
    "keeps stalling": ([Response(end_byte=100)] + [Response(end_byte=0, stall=True)] * 9, "kept failing"),
    "answers 500 for ever": ([Response(end_byte=100)] + [Response(status=500)] * 9, "kept failing (status 500)"),
    "has lost the file": ([Response(end_byte=100), Response(status=404)], "does not have this file any more"),
    "wants a login": ([Response(end_byte=100), Response(status=401)], "does not give this file to everybody"),
    "sends a sign-in page": ([Response(end_byte=100), Response(ignore_range=True, as_html=True)], "sign-in page"),
    "sends another part": ([Response(end_byte=100), Response(wrong_range=True)], "What came was not the file"),
    "announces another size": (
        [Response(end_byte=100), Response(ignore_range=True, announced_length=SIZE - 1)],
        "server announces 2999999",
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_the_fault_says_that_the_server(hub: Hub, tmp_path: Path, name: str) -> None:
    answers, sentence = FAULTS[name]
    hub.responses.extend(answers)
    assert sentence in fault_of(hub, tmp_path)
    assert part_of(hub, tmp_path).read_bytes() == hub.content[:100]


@pytest.mark.parametrize(
    ("headers", "sentence"),
    [
        ({"X-Linked-Etag": '"' + "0" * 64 + '"'}, "offers another file under the name"),
        ({"X-Linked-Size": "17"}, "offers another file under the name"),
    ],
)
def test_a_hub_that_contradicts_the_catalog_is_not_believed(
    hub: Hub, tmp_path: Path, headers: dict[str, str], sentence: str
) -> None:
    hub.metadata_headers = headers
    assert sentence in fault_of(hub, tmp_path)
    assert not hub.requested_ranges


def test_a_hub_without_checksums_is_enough_if_the_catalog_has_them(hub: Hub, tmp_path: Path) -> None:
    hub.metadata_headers = {"X-Linked-Etag": '"not-a-sha256"', "X-Linked-Size": ""}
    assert_whole(get(hub, tmp_path), hub)


def test_a_file_without_any_known_checksum_is_not_downloaded(hub: Hub, tmp_path: Path) -> None:
    hub.metadata_headers = {"X-Linked-Etag": '"0123456789abcdef"'}
    with pytest.raises(DownloadFault, match="gives no checksum"):
        download(entry(), tmp_path, endpoint=hub.url, retry_budget=QUICK)


@pytest.mark.parametrize(
    ("status", "sentence"), [(404, "does not have this file"), (401, "does not give this file"), (500, "status 500")]
)
def test_refusals_of_the_hub_are_distinguished(hub: Hub, tmp_path: Path, status: int, sentence: str) -> None:
    hub.metadata_status = status
    assert sentence in fault_of(hub, tmp_path)


def test_being_offline_is_reported_at_once(tmp_path: Path) -> None:
    with serving(Hub(b"")) as gone:
        pass
    assert "127.0.0.1 cannot be reached" in fault_of(gone, tmp_path)


def test_a_drive_that_is_too_small_is_reported_before_the_first_byte(hub: Hub, tmp_path: Path) -> None:
    hub.metadata_headers = {"X-Linked-Size": str(1 << 60)}
    with pytest.raises(DownloadFault, match="more on the drive of"):
        download(entry(), tmp_path, endpoint=hub.url, retry_budget=QUICK)
    assert not hub.requested_ranges


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
@pytest.mark.skipif(sys.platform != "linux", reason="the largest size of a file is limited as Linux does it")
def test_a_drive_that_becomes_full_is_reported(hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The partial file is `/dev/full`, whose every write fails as on a full drive."""
    opened = os.open
    monkeypatch.setattr(
        os, "open", lambda path, *rest: opened("/dev/full" if Path(path) == part_of(hub, tmp_path) else path, *rest)
    )
    assert "became full" in fault_of(hub, tmp_path)


def test_a_partial_file_that_is_a_link_is_not_written_through(hub: Hub, tmp_path: Path) -> None:
    victim = tmp_path / "victim.txt"
    victim.write_text("untouched")
    part = part_of(hub, tmp_path)
    part.parent.mkdir(parents=True, exist_ok=True)
    part.symlink_to(victim)
    get(hub, tmp_path)
    assert victim.read_text() == "untouched"


def test_a_folder_that_cannot_be_created_is_reported(hub: Hub, tmp_path: Path) -> None:
    (tmp_path / "models").write_text("a file where the folder should be")
    assert "Writing" in fault_of(hub, tmp_path / "models")


def test_verifying_compares_with_the_catalog(hub: Hub, tmp_path: Path) -> None:
    path = get(hub, tmp_path)
    assert verify(path, entry(hub)) == hub.sha256
    path.write_bytes(hub.content[:-1] + b"!")
    with pytest.raises(ModelFault, match="differs from what somebody/model-GGUF publishes"):
        verify(path, entry(hub))


class _Proxy(BaseHTTPRequestHandler):
    """Forwards unencrypted requests for any host to the hub on this machine."""

    hub: Hub
    asked: list[str]
    sign_in: bool

    def do_GET(self) -> None:
        self.asked.append(self.path)
        if self.sign_in:
            self.send_response(407)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        connection = http.client.HTTPConnection("127.0.0.1", self.hub.port)
        path = "/" + self.path.split("/", 3)[3]
        connection.request(self.command, path, headers=dict(self.headers.items()))
        answer = connection.getresponse()
        body = answer.read()
        self.send_response(answer.status)
        for name, value in answer.getheaders():
            value = value.replace(f"http://localhost:{self.hub.port}", "http://cdn.invalid")
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)
        connection.close()

    def do_HEAD(self) -> None:
        self.do_GET()

    def log_message(self, format: str, *args: object) -> None:
        """Silent."""


@pytest.fixture
def proxy(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> Iterator[type[_Proxy]]:
    handler: type[_Proxy] = type("Proxy", (_Proxy,), {"hub": hub, "asked": [], "sign_in": False})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{server.server_port}")
        monkeypatch.setenv("no_proxy", "")
        yield handler
        server.shutdown()
        thread.join()


def test_the_systems_proxy_is_used(hub: Hub, proxy: type[_Proxy], tmp_path: Path) -> None:
    path = download(entry(hub), tmp_path, endpoint="http://hub.invalid", retry_budget=QUICK)
    assert_whole(path, hub)
    assert [url.split("/")[2] for url in proxy.asked] == ["hub.invalid", "hub.invalid", "cdn.invalid"]


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A self-signed certificate for this machine, and its key, in one file."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("openssl makes the certificate")
    key, made = tmp_path / "key.pem", tmp_path / "certificate.pem"
    names = "subjectAltName=IP:127.0.0.1,DNS:localhost"
    command = [openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
    files = ["-addext", names, "-keyout", str(key), "-out", str(made)]
    subprocess.run([*command, *files], check=True, capture_output=True)
    made.write_bytes(made.read_bytes() + key.read_bytes())
    return made


@pytest.fixture
def secure_hub(certificate: Path) -> Iterator[Hub]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with serving(Hub(random.Random(1).randbytes(SIZE)), tls=context) as hub:
        yield hub


def test_a_certificate_nobody_signed_is_not_trusted(secure_hub: Hub, tmp_path: Path) -> None:
    assert "not one this computer trusts" in fault_of(secure_hub, tmp_path / "models")


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the system's store is no file")
def test_a_certificate_in_the_systems_store_is_trusted(
    secure_hub: Hub, certificate: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", os.fspath(certificate))
    secure_hub.responses.extend([Response(end_byte=1_000_000), Response()])
    assert_whole(get(secure_hub, tmp_path / "models"), secure_hub)


def test_a_redirect_from_https_to_http_is_refused(
    hub: Hub, secure_hub: Hub, certificate: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", os.fspath(certificate))
    secure_hub.metadata_headers = {"Location": f"{hub.url}/bytes?0"}
    assert "What came was not the file" in fault_of(secure_hub, tmp_path / "models")
    assert not hub.requested_ranges


def test_progress_is_ignored_by_default(hub: Hub, tmp_path: Path) -> None:
    ignore_progress(Progress(0, 0, "bytes"))
    assert_whole(download(entry(hub), tmp_path, endpoint=hub.url), hub)

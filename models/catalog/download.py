"""Owns downloading the models of the catalog: the hub says which bytes they are, `models.catalog.fetch` gets them.

Opens network connections only when called, which happens only when a person has asked for a model.
"""

from __future__ import annotations

import logging
import os
import ssl
from contextlib import suppress
from pathlib import Path

from models.cancel import CancelToken
from models.catalog.catalog import ModelEntry
from models.catalog.fetch import RemoteFile, RetryBudget, fetch, file_sha256
from models.catalog.fetch_faults import (
    certificate_fault,
    changed_fault,
    disk_fault,
    no_checksum_fault,
    status_fault,
    unreachable_fault,
)
from models.faults import N_, DownloadFault, ModelFault
from models.progress import ReportProgress, ignore_progress

log = logging.getLogger(__name__)

HUB = "https://huggingface.co"
METADATA_TIMEOUT_S = 20.0


def download(
    entry: ModelEntry,
    folder: Path,
    *,
    report: ReportProgress = ignore_progress,
    cancel: CancelToken | None = None,
    endpoint: str | None = None,
    patience: RetryBudget | None = None,
) -> Path:
    """The verified file of `entry` in `folder`; what an earlier, interrupted call got is continued.

    `endpoint` is a mirror's address; else the environment's HF_ENDPOINT, else the hub. Blocks. Raises DownloadFault or
    Cancelled; what has arrived is then kept as `NAME.HASH.part`.
    """
    cancel = cancel or CancelToken()
    target = folder / entry.file
    if is_downloaded(entry, folder):
        return target
    remote = resolve(entry, endpoint)
    part = part_path(folder, remote)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _forget_other_parts(part, remote.name)
        cancel.check()
        fetch(remote, part, report=report, cancel=cancel, patience=patience)
        if entry.sha256 is None:
            note_path(target).write_text(remote.sha256 + "\n", encoding="ascii")
        os.replace(part, target)
    except OSError as error:
        raise disk_fault(target, error) from error
    log.info("downloaded %s, %d bytes", target.name, remote.size_bytes)
    return target


def is_downloaded(entry: ModelEntry, folder: Path) -> bool:
    """Whether the file is there under its final name, which only a verified download gets, and has its size."""
    target = folder / entry.file
    try:
        return target.is_file() and entry.size_bytes in (None, target.stat().st_size)
    except OSError:
        return False


def downloaded_bytes(entry: ModelEntry, folder: Path) -> int:
    """How much of an interrupted download is in `folder`."""
    return max((path.stat().st_size for path in folder.glob(f"{entry.file}.*.part")), default=0)


def note_path(path: Path) -> Path:
    """Where the SHA-256 is noted that the hub gave for a downloaded file."""
    return path.with_name(path.name + ".sha256")


def known_sha256(path: Path, entry: ModelEntry) -> str | None:
    """What the file at `path` must have: the catalog's, else what the hub said when it was downloaded."""
    if entry.sha256 is not None:
        return entry.sha256
    try:
        noted = note_path(path).read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        return None
    return noted if len(noted) == 64 else None


def verify(
    path: Path, entry: ModelEntry, *, report: ReportProgress = ignore_progress, cancel: CancelToken | None = None
) -> str:
    """The file's SHA-256. Raises ModelFault if another one is known for it."""
    digest = file_sha256(path, report=report, cancel=cancel or CancelToken())
    if digest != (known_sha256(path, entry) or digest):
        raise ModelFault(
            N_("The model file is not the published one"),
            N_("{name} differs from what {repository} publishes (SHA-256 {digest})."),
            N_("Download it again if you expected the original."),
            name=path.name,
            repository=entry.repository,
            digest=digest,
        )
    return digest


def resolve(entry: ModelEntry, endpoint: str | None = None) -> RemoteFile:
    """Address, size and SHA-256 of `entry`, asked of the hub; what the catalog pins must agree with it."""
    base = (endpoint or os.environ.get("HF_ENDPOINT") or HUB).rstrip("/")
    if "://" not in base:
        base = f"https://{base}"
    commit, size_bytes, etag = _hub_metadata(entry, base)
    sha256 = etag if etag is not None and len(etag) == 64 else None
    if _differ(sha256, entry.sha256) or _differ(size_bytes, entry.size_bytes):
        raise changed_fault(entry.file, base)
    sha256 = entry.sha256 or sha256
    size_bytes = entry.size_bytes or size_bytes
    if sha256 is None or size_bytes is None:
        raise no_checksum_fault(entry.file, base)
    if entry.sha256 is None:
        log.info("%s is not pinned: taking SHA-256 %s and commit %s from %s", entry.file, sha256, commit, base)
    url = f"{base}/{entry.repository}/resolve/{entry.revision or commit or 'main'}/{entry.file}"
    return RemoteFile(url, entry.file, size_bytes, sha256)


def _differ(told: object, pinned: object) -> bool:
    return told is not None and pinned is not None and told != pinned


def part_path(folder: Path, remote: RemoteFile) -> Path:
    """Where the bytes go until they are verified; named by content, so that two editions never mix."""
    return folder / f"{remote.name}.{remote.sha256[:12]}.part"


def _forget_other_parts(part: Path, name: str) -> None:
    for other in part.parent.glob(f"{name}.{'?' * 12}.part"):
        if other != part:
            other.unlink(missing_ok=True)


def _ask_for_nothing_else() -> None:
    """Keep huggingface_hub 2.4 from asking the hub, once a day, for a list of the programs that may be calling it
    (`/api/agent-harnesses`, to name them in its user agent): it takes the list as known, and empty."""
    with suppress(ImportError):  # another version keeps it elsewhere; test_download tells
        from huggingface_hub.utils import _detect_agent

        vars(_detect_agent)["_registry"] = {"standardEnvVars": [], "harnesses": {}}


def _hub_metadata(entry: ModelEntry, base: str) -> tuple[str | None, int | None, str | None]:
    """Commit, size and ETag (for large files the SHA-256) as the hub tells them; its errors become DownloadFaults."""
    import huggingface_hub

    _ask_for_nothing_else()
    url = huggingface_hub.hf_hub_url(entry.repository, entry.file, revision=entry.revision, endpoint=base)
    try:
        found = huggingface_hub.get_hf_file_metadata(url, token=False, timeout=METADATA_TIMEOUT_S, endpoint=base)
    except Exception as error:  # its own errors, those of the HTTP library it happens to use, and the system's
        raise _hub_fault(url, error) from error
    finally:
        huggingface_hub.close_session()  # or its connections would stay open, with today's proxies, until the end
    return found.commit_hash, found.size, found.etag


def _hub_fault(url: str, error: Exception) -> DownloadFault:
    status = getattr(getattr(error, "response", None), "status_code", None)
    if isinstance(status, int):
        return status_fault(url, status)
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return certificate_fault(url)
        cause = cause.__cause__ or cause.__context__
    log.warning("the hub could not be asked: %r", error)
    return unreachable_fault(url)

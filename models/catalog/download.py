"""Downloads models of the catalog: asks the hub for a file's size and checksum and has `models.catalog.fetch` get it.

Opens network connections only when called, which happens only when a person has asked for a model.
"""

from __future__ import annotations

import logging
import os
import ssl
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
    retry_budget: RetryBudget | None = None,
) -> Path:
    """Download the file of `entry` into `folder` and return its path, resuming where an interrupted call ended.

    `endpoint` is the address of a mirror; without it HF_ENDPOINT of the environment is used, else the hub. Blocks.
    Raises `DownloadFault` or `Cancelled`; what has arrived is then kept as `NAME.HASH.part`.
    """
    cancel = cancel or CancelToken()
    target = folder / entry.file
    if is_downloaded(entry, folder):
        return target
    remote = resolve(entry, endpoint)
    part = part_path(folder, remote)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _delete_other_parts(part, remote.name)
        cancel.check()
        fetch(remote, part, report=report, cancel=cancel, retry_budget=retry_budget)
        if entry.sha256 is None:
            checksum_path(target).write_text(remote.sha256 + "\n", encoding="ascii")
        os.replace(part, target)
    except OSError as error:
        raise disk_fault(target, error) from error
    log.info("downloaded %s, %d bytes", target.name, remote.size_bytes)
    return target


def is_downloaded(entry: ModelEntry, folder: Path) -> bool:
    """Whether the file exists under its final name, which only a verified download gets, and has the right size."""
    target = folder / entry.file
    try:
        return target.is_file() and entry.size_bytes in (None, target.stat().st_size)
    except OSError:
        return False


def downloaded_bytes(entry: ModelEntry, folder: Path) -> int:
    """How many bytes of an interrupted download are in `folder`."""
    return max((path.stat().st_size for path in folder.glob(f"{entry.file}.*.part")), default=0)


def checksum_path(path: Path) -> Path:
    """The file beside a downloaded one that holds the SHA-256 given by the hub."""
    return path.with_name(path.name + ".sha256")


def expected_sha256(path: Path, entry: ModelEntry) -> str | None:
    """The SHA-256 that the file at `path` should have: the catalog's, else the one the hub gave when it was downloaded;
    None if neither is known."""
    if entry.sha256 is not None:
        return entry.sha256
    try:
        stored = checksum_path(path).read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        return None
    return stored if len(stored) == 64 else None


def verify(
    path: Path, entry: ModelEntry, *, report: ReportProgress = ignore_progress, cancel: CancelToken | None = None
) -> str:
    """Return the file's SHA-256. Raises `ModelFault` if it is not the expected one, `DownloadFault`, `Cancelled`."""
    digest = file_sha256(path, report=report, cancel=cancel or CancelToken())
    if digest != (expected_sha256(path, entry) or digest):
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
    """Ask the hub for the address, size and SHA-256 of `entry`. Raises `DownloadFault`, also if they contradict the
    catalog."""
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


def _differ(received: object, pinned: object) -> bool:
    return received is not None and pinned is not None and received != pinned


def part_path(folder: Path, remote: RemoteFile) -> Path:
    """Where the bytes are kept until they are verified; named by checksum, so that two editions are never mixed."""
    return folder / f"{remote.name}.{remote.sha256[:12]}.part"


def _delete_other_parts(part: Path, name: str) -> None:
    for other in part.parent.glob(f"{name}.{'?' * 12}.part"):
        if other != part:
            other.unlink(missing_ok=True)


def _hub_metadata(entry: ModelEntry, base: str) -> tuple[str | None, int | None, str | None]:
    """Commit, size and ETag (of large files the SHA-256) from the hub. Turns huggingface_hub's errors into
    DownloadFaults."""
    import huggingface_hub
    from huggingface_hub import constants

    # Otherwise it asks huggingface.co, once a day, which programs may be calling it, to name them in its user agent.
    constants.HF_HUB_DISABLE_TELEMETRY = True
    url = huggingface_hub.hf_hub_url(entry.repository, entry.file, revision=entry.revision, endpoint=base)
    try:
        found = huggingface_hub.get_hf_file_metadata(url, token=False, timeout=METADATA_TIMEOUT_S, endpoint=base)
    except Exception as error:  # its own errors, those of the HTTP library it uses, and the system's
        raise _hub_fault(url, error) from error
    finally:
        huggingface_hub.close_session()  # otherwise connections stay open, through the present proxies, until the end
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

"""The faults of a download as sentences, and the decision whether an error is worth another attempt."""

from __future__ import annotations

import errno
import http.client
import socket
import ssl
import urllib.error
from pathlib import Path
from urllib.parse import urlsplit

from models.faults import N_, DownloadFault

FAILED = N_("The download did not finish")
LATER = N_("Start it again later; what has arrived is kept.")
TRANSIENT_STATUSES = frozenset({403, 408, 425, 429, 500, 502, 503, 504})  # 403: a signed address has expired
NO_SPACE = frozenset({errno.ENOSPC, errno.EDQUOT})


class TransientError(Exception):
    """An attempt failed in a way that may pass. `retry_after_s` is the wait that the server asked for, if it did."""

    def __init__(self, reason: str, retry_after_s: float | None = None) -> None:
        super().__init__(reason)
        self.retry_after_s = retry_after_s


def classify_error(url: str, error: BaseException) -> TransientError | DownloadFault:
    """Turn a network error into a `TransientError` if it is worth another attempt, else into a `DownloadFault`."""
    if isinstance(error, urllib.error.HTTPError):
        with error:
            if error.code in TRANSIENT_STATUSES:
                return TransientError(
                    f"status {error.code}", _retry_after_seconds(error.headers.get("Retry-After", ""))
                )
            return status_fault(url, error.code)
    cause = error.reason if isinstance(error, urllib.error.URLError) else error
    if isinstance(cause, ssl.SSLCertVerificationError):
        return certificate_fault(url)
    if isinstance(cause, OSError) and "407" in str(cause):
        return proxy_fault()
    if isinstance(cause, http.client.InvalidURL):
        return unexpected_response_fault(url)
    if isinstance(cause, TimeoutError):
        return TransientError("the server stopped answering")
    if isinstance(cause, socket.gaierror):
        return TransientError("its address was not found")
    return TransientError(str(cause) or type(cause).__name__)


def host_of(url: str) -> str:
    """The host name in `url`, for messages."""
    return urlsplit(url).hostname or url


def unreachable_fault(url: str) -> DownloadFault:
    return DownloadFault(
        N_("No connection"),
        N_("{host} cannot be reached."),
        N_("Check that this computer is online. Behind a proxy, set it in the system's network settings."),
        host=host_of(url),
    )


def still_failing_fault(url: str, reason: str) -> DownloadFault:
    return DownloadFault(
        FAILED, N_("The connection to {host} kept failing ({reason})."), LATER, host=host_of(url), reason=reason
    )


def status_fault(url: str, status: int) -> DownloadFault:
    if status in (404, 410):
        what = N_("{host} does not have this file any more.")
        todo = N_("Look for a newer version of Papermoor, or get the .gguf file elsewhere and open it here.")
    elif status in (401, 403):
        what = N_("{host} does not give this file to everybody (status {status}).")
        todo = N_("Get the .gguf file in your browser, then open it here.")
    else:
        what, todo = N_("{host} answered with an error (status {status})."), LATER
    return DownloadFault(FAILED, what, todo, host=host_of(url), status=status)


def certificate_fault(url: str) -> DownloadFault:
    return DownloadFault(
        N_("The connection is not trusted"),
        N_("The certificate that {host} shows is not one this computer trusts."),
        N_("Check the date of this computer. In a company network, ask for its certificate to be installed."),
        host=host_of(url),
    )


def proxy_fault() -> DownloadFault:
    return DownloadFault(
        N_("The proxy wants a password"),
        N_("The proxy of this network let nothing through without signing in (status 407)."),
        N_("Put user name and password into the system's proxy settings, or ask who runs the network."),
    )


def unexpected_response_fault(url: str) -> DownloadFault:
    return DownloadFault(
        FAILED,
        N_("What came was not the file: perhaps a sign-in page or a filter stands between this computer and {host}."),
        N_("Open a page in your browser to sign in to the network, then start the download again."),
        host=host_of(url),
    )


def wrong_size_fault(name: str, expected: int, given: str) -> DownloadFault:
    return DownloadFault(
        FAILED,
        N_("{name} should have {expected:,} bytes, but the server announces {given}."),
        N_("Try again later, or another address for downloads in the settings."),
        name=name,
        expected=expected,
        given=given,
    )


def wrong_content_fault(name: str) -> DownloadFault:
    return DownloadFault(
        N_("The downloaded file was damaged"),
        N_("{name} arrived, but its content is not what was published (SHA-256 differs), so it was deleted."),
        N_("Download it again. If it happens again, something on the way changes it: try another network."),
        name=name,
    )


def changed_fault(name: str, url: str) -> DownloadFault:
    return DownloadFault(
        FAILED,
        N_("{host} offers another file under the name {name} than the one that Papermoor knows."),
        N_("Look for a newer version of Papermoor, or get the .gguf file elsewhere and open it here."),
        name=name,
        host=host_of(url),
    )


def no_checksum_fault(name: str, url: str) -> DownloadFault:
    return DownloadFault(
        FAILED,
        N_("{host} gives no checksum for {name}, so it could not be told whether it arrives whole."),
        N_("Use the hub's own address, or get the .gguf file elsewhere and open it here."),
        name=name,
        host=host_of(url),
    )


def no_space_fault(folder: Path, needed: int, free: int) -> DownloadFault:
    return DownloadFault(
        N_("Not enough space"),
        N_("The download needs {needed:.1f} GB more on the drive of {folder}, and {free:.1f} GB are free."),
        N_("Make room, then start it again."),
        folder=folder,
        needed=needed / 1e9,
        free=free / 1e9,
    )


def disk_fault(path: Path, error: OSError) -> DownloadFault:
    if error.errno in NO_SPACE:
        return DownloadFault(
            N_("Not enough space"),
            N_("The drive of {folder} became full."),
            N_("Make room, then start the download again; what has arrived is kept."),
            folder=path.parent,
        )
    return DownloadFault(
        N_("The file could not be written"),
        N_("Writing {path} failed: {reason}."),
        N_("Check the folder's permissions, or choose another folder."),
        path=path,
        reason=error.strerror or type(error).__name__,
    )


def _retry_after_seconds(text: str) -> float | None:
    return float(text) if text.isdigit() else None

"""The process that talks to receivers, run as `python -I child.py`: a job for each line in, an outcome for each out.

It is a process of its own because a receiver may send a byte now and then for ever, which no timeout of a library ends;
because the library of a hundred services logs passwords; and because that takes 25 MB. It imports nothing of this
package, and gets nothing of its environment. Whoever started it kills it when a job takes too long.
"""

from __future__ import annotations

import importlib
import ipaddress
import json
import logging
import os
import re
import smtplib
import ssl
import sys
import threading
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from email.message import EmailMessage
from email.utils import formatdate
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

THREADS = 8
_SOCKET_SECONDS = 5.0
_LONGEST_ERROR = 200

_warnings: ContextVar[list[str] | None] = ContextVar("warnings", default=None)
_output = threading.Lock()


def main() -> None:
    """Work until standard input ends; the first line out says that everything is loaded, and deadlines can begin."""
    _quieten()
    with suppress(ImportError):
        apprise: Any = importlib.import_module("apprise")
        apprise.Apprise.instantiate("json://localhost")  # which loads the modules of all services
    _say({"ready": True})
    with ThreadPoolExecutor(THREADS) as threads:
        for line in sys.stdin.buffer:
            threads.submit(_answer, line)
        os._exit(0)  # a hanging receiver must not keep it


def _answer(line: bytes) -> None:
    job = json.loads(line)
    try:
        result, error = send_mail(job) if job["url"].startswith("smtp") else send_post(job)
    except Exception as fault:  # whatever a library raises is an attempt that failed
        result, error = "retry", f"{type(fault).__name__}: {fault}"
    outcome = {"id": job["id"], "result": result, "error": without_secrets(error, job["url"])[:_LONGEST_ERROR]}
    _say(outcome)


def _say(line: dict[str, Any]) -> None:
    with _output:
        sys.stdout.write(json.dumps(line) + "\n")
        sys.stdout.flush()


def without_secrets(text: str, url: str) -> str:
    """Return a text in which no part of a channel's address stands that could be a secret."""
    scheme, _, rest = url.partition("://")
    for part in sorted(
        {*re.split(r"[/:@?&=,]+", rest), *re.split(r"[/:@?&=,]+", unquote(rest))}, key=len, reverse=True
    ):
        if len(part) > 3 and part != scheme:
            text = text.replace(part, "***")
    return " ".join(text.split())


# E-mail


def send_mail(job: dict[str, Any]) -> tuple[str, str]:
    """Send a job by SMTP; it is lost in no case, so that only what the server refuses for good has failed."""
    try:
        message = mail_of(job)
    except ValueError as error:  # such as a line break in a header
        return "failed", str(error)
    try:
        _deliver(message, job["url"], job["host"])
    except smtplib.SMTPRecipientsRefused as error:
        code, reply = next(iter(error.recipients.values()))
        return _by_code(code, reply)
    except (smtplib.SMTPSenderRefused, smtplib.SMTPDataError) as error:
        return _by_code(error.smtp_code, error.smtp_error)
    except (smtplib.SMTPException, OSError) as error:
        return "retry", f"{type(error).__name__}: {error}"
    return "sent", ""


def mail_of(job: dict[str, Any]) -> EmailMessage:
    """Return a job as a mail; ValueError if a header would have a line break.

    The same job makes the same `Message-ID`, so that mail programs show once what was sent twice.
    """
    options = parse_qs(urlsplit(str(job["url"])).query)
    message = EmailMessage()
    message["From"] = options["from"][-1]
    message["To"] = job["to"]
    # An encoded word in a title (RFC 2047) would be decoded by the reader's program, and could hide characters there.
    message["Subject"] = job["subject"].replace("=?", "= ?")
    message["Date"] = formatdate(job["at"])
    message["Message-ID"] = f"<{job['id']}@{job['host']}>"
    if job.get("reply_to"):
        message["In-Reply-To"] = message["References"] = f"<{job['reply_to']}@{job['host']}>"
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no answers of machines
    message.set_content(job["text"])
    message.add_alternative(job["html"], subtype="html")
    return message


def _deliver(message: EmailMessage, url: str, host: str) -> None:
    parts = urlsplit(url)
    server = _connect(parts.scheme, parts.hostname or "", parts.port, host)
    try:
        if parts.scheme == "smtp" and not _is_loopback(parts.hostname or ""):
            server.starttls(context=ssl.create_default_context())
        if parts.username:
            server.login(unquote(parts.username), unquote(parts.password or ""))
        server.send_message(message)
        with suppress(smtplib.SMTPException, OSError):  # it has the message
            server.quit()
    finally:
        server.close()


def _connect(scheme: str, server: str, port: int | None, host: str) -> smtplib.SMTP:
    if scheme == "smtps":
        context = ssl.create_default_context()
        return smtplib.SMTP_SSL(server, port or 465, host, timeout=_SOCKET_SECONDS, context=context)
    return smtplib.SMTP(server, port or 587, host, timeout=_SOCKET_SECONDS)


def _is_loopback(host: str) -> bool:
    with suppress(ValueError):
        return ipaddress.ip_address(host).is_loopback
    return host == "localhost"


def _by_code(code: int, reply: bytes | str) -> tuple[str, str]:
    text = reply.decode("utf-8", "replace") if isinstance(reply, bytes) else reply
    return ("failed" if code >= 500 else "retry"), f"{code} {text}"


# Everything else


def send_post(job: dict[str, Any]) -> tuple[str, str]:
    """Send a job by apprise, which says whether it was taken and no more, so that every failure is tried again."""
    try:
        apprise: Any = importlib.import_module("apprise")
    except ImportError:
        return "retry", "apprise is not installed: install hitl with its 'notify' extra"
    asset = _asset(apprise)
    with _collected() as warnings:
        plugin = apprise.Apprise.instantiate(job["url"], asset=asset)
        if plugin is None:
            return "retry", "apprise cannot use this address: " + "; ".join(warnings)
        plugin.request_rate_per_sec = 0  # the server has limits of its own, and knows all messages
        box = apprise.Apprise(asset=asset)
        box.add(plugin)
        sent = box.notify(title=job["subject"], body=job["text"], body_format="text")
    return ("sent", "") if sent else ("retry", "; ".join(warnings) or "not taken")


def _asset(apprise: Any) -> Any:
    asset = apprise.AppriseAsset(app_id="hitl", app_desc="hitl", app_url="", image_url_mask="", image_url_logo="")
    asset.http_redirects = False
    asset.async_mode = False
    return asset


@contextmanager
def _collected() -> Generator[list[str], None, None]:
    warnings: list[str] = []
    token = _warnings.set(warnings)
    try:
        yield warnings
    finally:
        _warnings.reset(token)


class _Collector(logging.Handler):
    """Hands what apprise says to the job in whose context it says so."""

    def emit(self, record: logging.LogRecord) -> None:
        warnings = _warnings.get()
        if warnings is not None and len(warnings) < 5:
            warnings.append(record.getMessage())


def _quieten() -> None:
    logging.getLogger().addHandler(logging.NullHandler())
    logger = logging.getLogger("apprise")
    logger.addHandler(_Collector(logging.WARNING))
    logger.setLevel(logging.WARNING)
    logger.propagate = False
    with suppress(ImportError):
        requests: Any = importlib.import_module("requests")
        # A service that redirects would carry the message to whomever it names; an option of an address may allow it.
        requests.Session.get_redirect_target = _no_redirect


def _no_redirect(_session: object, _response: object) -> None:
    """Answer as if no response were a redirect."""


if __name__ == "__main__":
    main()

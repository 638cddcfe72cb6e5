"""The addresses of channels: which are accepted, and what may be shown of one.

An address decides which code of a large library runs and what that connects to, so it is checked before the library
sees it. Its options could switch off what the server relies on: that certificates are verified, that redirects are not
followed, that an attempt ends.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final
from urllib.parse import parse_qs, unquote, urlsplit

from hitl.server.primitives import invalid

MAIL_SCHEMES: Final = frozenset({"smtp", "smtps"})
SCHEMES: Final = frozenset(
    {"slack", "workflows", "msteams", "discord", "mmost", "mmosts", "rocket", "rockets", "zulip", "gchat", "webex"}
    | {"matrix", "matrixs", "ntfy", "ntfys", "gotify", "gotifys", "tgram", "pover", "json", "jsons"}
    | MAIL_SCHEMES
)
"""The schemes that a channel may have unless the server is told of others."""

_REFUSED: Final = frozenset(
    {"redirect", "verify", "cto", "rto", "retry", "wait", "store", "emojis", "overflow", "format"}
)
_HEADS: Final = ("+", "-", ":", " ")
"""Options with these first characters become headers, or fields of what is sent."""

_NAMED: Final = re.compile(r"(?P<scheme>[a-z][a-z0-9+.-]{1,30})://(?P<rest>[!-~]{1,2000})")
# Where the host is a host and not a token.
_HOST_SHOWN: Final = frozenset(
    {"mmost", "mmosts", "rocket", "rockets", "matrix", "matrixs", "gotify", "gotifys", "json", "jsons"} | MAIL_SCHEMES
)
_HOST_SHOWN_BEFORE_PATH: Final = frozenset({"ntfy", "ntfys"})  # of ntfy://topic, the topic is all there is


def scheme_of(url: str) -> str:
    """Return the scheme of an accepted address."""
    return url.partition("://")[0].lower()


def is_mail(url: str) -> bool:
    """Return whether an address is that of a mail server."""
    return scheme_of(url) in MAIL_SCHEMES


def check(url: str, *, more_schemes: Iterable[str] = ()) -> None:
    """Refuse with 400 an address that cannot be a channel's; no message repeats any of it but the scheme."""
    match = _NAMED.fullmatch(url)
    if match is None:
        raise invalid("must be an address in ASCII such as slack://… or smtp://…, of at most 2000 characters", "url")
    allowed = SCHEMES | {each.lower() for each in more_schemes}
    if match["scheme"] not in allowed:
        listed = ", ".join(sorted(allowed))
        message = f"{match['scheme']}:// is not among the schemes of channels ({listed}); allow it with --notify-scheme"
        raise invalid(message, "url")
    for part in re.split(r"[?&;]", match["rest"])[1:]:
        name = unquote(part.partition("=")[0]).lower()
        if name.startswith(_HEADS) or name.strip() in _REFUSED:
            raise invalid(f"must not have the option {name.strip()[:20]!r}; the server decides that itself", "url")
    if match["scheme"] in MAIL_SCHEMES:
        _check_mail(url)


def _check_mail(url: str) -> None:
    try:
        parts = urlsplit(url)
        usable = bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    options = {name: values[-1] for name, values in parse_qs(urlsplit(url).query).items()} if usable else {}
    sender = options.get("from", "")
    if not usable or not re.fullmatch(r"[^@\s<>,]+@[^@\s<>,]+", sender):
        raise invalid("must be smtp[s]://user:password@host:port?from=reviews@example.com", "url")
    if "to" in options and not re.fullmatch(r"[^@\s<>,]+@[^@\s<>,]+", options["to"]):
        raise invalid("has a `to` that is not an e-mail address", "url")
    if unknown := options.keys() - {"from", "to"}:
        raise invalid(f"has the option {min(unknown)[:20]!r}; an address of mail has `from` and `to` only", "url")


def mail_to(url: str) -> str | None:
    """Return to whom all mail of a channel goes; None for a mail server that serves everybody."""
    return parse_qs(urlsplit(url).query).get("to", [None])[-1]


def hint(url: str) -> str:
    """Return what may be shown of an address: the scheme, and the host or the rooms where these are no secret."""
    scheme = scheme_of(url)
    rest = url.partition("://")[2]
    place, _, path = rest.partition("?")[0].partition("/")
    host = place.rpartition("@")[2]
    if scheme in MAIL_SCHEMES:
        to = mail_to(url)
        return f"{scheme}://{host}" + (f" to {to}" if to else "")
    if scheme in _HOST_SHOWN or (scheme in _HOST_SHOWN_BEFORE_PATH and path.strip("/")):
        return f"{scheme}://{host}/…"
    rooms = [unquote(each) for each in path.split("/") if unquote(each).startswith("#")]
    return " ".join([f"{scheme}://…", *rooms])

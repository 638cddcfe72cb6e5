"""What a server needs that runs for years: a service manager, a certificate, and an end that loses nothing."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from hitl.server.http.systemd import ServiceManager
from hitl.server.http.tls import HANDSHAKE_SECONDS, Certificate
from hitl.server.primitives import SetupError

_log = logging.getLogger("hitl.server")


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """What a server needs that runs for a team for years."""

    manager: ServiceManager
    """Who is told that it is ready, stops, and is alive."""

    certificate: Certificate | None = None
    """What encrypts its port; SIGHUP loads it anew."""

    handshake_seconds: float = HANDSHAKE_SECONDS

    grace: float = 20.0
    """Seconds that requests in flight have to end when the server stops."""

    drain: float = 1.0
    """Seconds in which idle connections may bring another request when the server stops.

    A proxy keeps them, and what it sends into one that is just being closed is lost.
    """

    def reload(self) -> None:
        """Load the certificate anew; one that cannot be used leaves the earlier one in use."""
        if self.certificate is None:
            return
        try:
            self.certificate.reload()
        except SetupError as error:
            _log.error("%s; the earlier one stays in use", error)
        else:
            _log.info("the certificate was loaded anew")

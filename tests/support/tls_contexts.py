"""The process's TLS context, which is made once: tests that change what is trusted have it made again."""

from __future__ import annotations

from hitl._engine import tls


def forget_trusted_authorities() -> None:
    tls.context.cache_clear()

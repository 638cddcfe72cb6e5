"""Origins: parsed on the fast path and by httpx, with the same result."""

from __future__ import annotations

import httpx
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from hitl._engine import Origin
from hitl.exceptions import ConfigurationError

LABELS = st.sampled_from(["a", "api", "hitl", "xn--bcher-kva", "127", "0", "a-b", "-a", "a-", "B", "bücher", "a_b", ""])
HOSTS = st.lists(LABELS, min_size=1, max_size=3).map(".".join) | st.sampled_from(["127.0.0.1", "[::1]", "localhost"])
PORTS = st.sampled_from(["", ":80", ":443", ":8080", ":65535", ":080", ":"])
PATHS = st.lists(st.sampled_from(["api", "v1", "a b", ".", "..", "%41", "ü", "~a_b-C"]), max_size=3)
URLS = st.builds(
    lambda scheme, host, port, path, end: f"{scheme}://{host}{port}{''.join(f'/{each}' for each in path)}{end}",
    st.sampled_from(["http", "https"]),
    HOSTS,
    PORTS,
    PATHS,
    st.sampled_from(["", "/"]),
)


def by_httpx(url: str) -> Origin | None:
    try:
        parts = httpx.URL(url)
    except httpx.InvalidURL:
        return None
    is_secure = parts.scheme == "https"
    return Origin(
        url,
        is_secure,
        parts.raw_host.decode(),
        parts.port or (443 if is_secure else 80),
        parts.netloc.decode(),
        parts.raw_path.decode().rstrip("/"),
    )


@given(URLS)
@example("https://api.hitl.sh")
@example("http://127.0.0.1:4010/")
@example("https://api.hitl.sh:443/base")
def test_an_origin_has_the_parts_that_httpx_finds(url: str) -> None:
    expected = by_httpx(url)
    if expected is None:
        with pytest.raises(ConfigurationError, match="base_url cannot be used"):
            Origin.parse(url)
    else:
        assert Origin.parse(url) == expected


def test_the_default_port_is_not_part_of_the_authority() -> None:
    origin = Origin.parse("https://api.hitl.sh:443")
    assert (origin.port, origin.authority) == (443, "api.hitl.sh")
    origin = Origin.parse("http://127.0.0.1:4010/base/")
    assert (origin.port, origin.authority, origin.prefix) == (4010, "127.0.0.1:4010", "/base")

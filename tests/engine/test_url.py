"""Origins: parsed on the fast path and by httpx, with the same result."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from hitl._engine import Origin
from hitl._engine.url import _parsed_by_httpx
from hitl.exceptions import ConfigurationError

LABELS = st.sampled_from(["a", "api", "hitl", "xn--bcher-kva", "127", "0", "a-b", "-a", "a-", "B", "bücher", "a_b", ""])
HOSTS = st.lists(LABELS, min_size=1, max_size=3).map(".".join) | st.sampled_from(["127.0.0.1", "[::1]", "localhost"])
PORTS = st.sampled_from(
    ["", ":80", ":443", ":8080", ":12345", ":49152", ":64999", ":65535", ":65536", ":99999", ":080", ":"]
)
PATHS = st.lists(st.sampled_from(["api", "v1", "a b", ".", "..", "%41", "ü", "~a_b-C"]), max_size=3)
URLS = st.builds(
    lambda scheme, host, port, path, end: f"{scheme}://{host}{port}{''.join(f'/{each}' for each in path)}{end}",
    *(st.sampled_from(["http", "https"]), HOSTS, PORTS, PATHS, st.sampled_from(["", "/"])),
)


@given(URLS)
@example("https://api.hitl.sh")
@example("http://127.0.0.1:4010/")
@example("https://api.hitl.sh:443/base")
def test_an_origin_has_the_parts_that_httpx_finds(url: str) -> None:
    try:
        expected = _parsed_by_httpx(url, "base_url")
    except ConfigurationError:
        with pytest.raises(ConfigurationError, match="base_url cannot be used"):
            Origin.parse(url)
    else:
        assert Origin.parse(url) == expected


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://api.hitl.sh:443", (True, "api.hitl.sh", 443, "api.hitl.sh", "")),
        ("http://127.0.0.1:4010/base/", (False, "127.0.0.1", 4010, "127.0.0.1:4010", "/base")),
        ("http://[::1]:4010", (False, "::1", 4010, "[::1]:4010", "")),
        ("https://b\u00fccher.example/a b/", (True, "xn--bcher-kva.example", 443, "xn--bcher-kva.example", "/a%20b")),
    ],
)
def test_an_origin_is_a_host_in_ascii_a_port_and_a_quoted_path(url: str, expected: tuple[Any, ...]) -> None:
    assert Origin.parse(url)[1:6] == expected

"""What commands that call the API share: the server, the key, and the choice between text and JSON."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import wraps
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from hitl import AsyncHITLClient, HITLClient

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Connection:
    """The API's key and base URL; None where the environment or the default decides."""

    api_key: str | None = field(default=None, repr=False)
    base_url: str | None = None

    def client(self) -> HITLClient:
        """Return a new client; the caller closes it."""
        from hitl import HITLClient

        return HITLClient(self.api_key, base_url=self.base_url)

    def async_client(self) -> AsyncHITLClient:
        """Return a new asynchronous client; the caller closes it."""
        from hitl import AsyncHITLClient

        return AsyncHITLClient(self.api_key, base_url=self.base_url)


def server_of(client: HITLClient) -> str:
    """Return the base URL that a client calls, from its arguments and the environment."""
    return str(client.api.get_httpx_client().base_url).rstrip("/")


def api_command(command: Callable[..., T]) -> Callable[..., T]:
    """Give a command `--api-key` and `--base-url`, and the Connection from them as its first argument."""

    @wraps(command)
    def run(*, api_key: str | None, base_url: str | None, **options: Any) -> T:
        return command(Connection(api_key, base_url), **options)

    key = click.option("--api-key", metavar="KEY", help="The API key.  [default: $HITL_API_KEY]")
    url = click.option("--base-url", metavar="URL", help="The API's URL.  [default: $HITL_BASE_URL, or HITL.sh]")
    return url(key(run))


json_option = click.option("--json", "as_json", is_flag=True, help="Output JSON.")

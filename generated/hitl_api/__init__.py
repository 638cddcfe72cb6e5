"""A client library for accessing HITL.sh API"""

import sys
import warnings
from importlib.machinery import PathFinder
from importlib.util import find_spec
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .client import AuthenticatedClient, Client

__all__ = (
    "AuthenticatedClient",
    "Client",
)

if not TYPE_CHECKING:  # httpx takes long to load, and what only builds or reads JSON does not need it

    def __getattr__(name: str) -> object:
        """Import the clients on first use (PEP 562)"""
        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from . import client

        return getattr(client, name)

    def __dir__() -> list[str]:
        return sorted({*globals(), *__all__})


def _warn_of_another_hitl() -> None:
    """Say so if the package `hitl` is not the SDK of this client: package indexes have another project's"""
    if "HITLClient" in getattr(sys.modules.get("hitl"), "__all__", ()):
        return
    try:
        found = find_spec("hitl")
    except (ImportError, ValueError):
        return  # a module without a specification, such as a stand-in of a test
    if (
        found is None
        or found.origin is None
        or PathFinder.find_spec("hitl.webhooks", found.submodule_search_locations or [])
    ):
        return
    warnings.warn(
        f"the package hitl at {found.origin} is another project's, not the SDK that hitl_api belongs to: uninstall it "
        "(pip uninstall hitl) or rename it, then install the SDK from its repository or its wheel",
        stacklevel=2,
    )


_warn_of_another_hitl()

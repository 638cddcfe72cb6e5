"""The peers, pinned, each in an environment of its own under `.bench/`, made when it is first needed."""

from __future__ import annotations

import os
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).parents[1]
HOME = ROOT / ".bench"

PEERS: dict[str, tuple[str, ...]] = {
    "httpx": ("httpx==0.28.1", "sniffio==1.3.1"),
    "httpx-h2": ("httpx[http2]==0.28.1", "sniffio==1.3.1"),
    "aiohttp": ("aiohttp==3.14.5",),
    "pyreqwest": ("pyreqwest==0.15.1",),
    "openai": ("openai==3.54.0",),
    "anthropic": ("anthropic==2.12.0",),
    "stripe": ("stripe==16.1.0",),
    "svix": ("svix==2.9.1",),
    "label-studio-sdk": ("label-studio-sdk==2.1.2",),
    "gotohuman": ("gotohuman==0.2.4", "httpx==0.28.1"),  # it imports httpx without naming it
    "humanlayer": ("humanlayer==0.7.9",),
    # This package itself: its dependencies from the registry, its code from this tree.
    "hitl": ("httpx==0.28.1", "attrs==26.1.0", "python-dateutil==4.0.0", "anyio==4.16.0", "sniffio==1.3.1"),
    "hitl-uvloop": (
        "httpx==0.28.1",
        "attrs==26.1.0",
        "python-dateutil==4.0.0",
        "anyio==4.16.0",
        "sniffio==1.3.1",
        "uvloop==0.23.0",
    ),
    "hitl-h2": (
        "httpx[http2]==0.28.1",
        "attrs==26.1.0",
        "python-dateutil==4.0.0",
        "anyio==4.16.0",
        "sniffio==1.3.1",
    ),
}


def python_of(peer: str) -> Path:
    """Return the interpreter of a peer's environment, after making it if it is not there.

    Raises:
        subprocess.CalledProcessError: if it cannot be installed here.
    """
    folder = HOME / peer
    python = folder / ("Scripts" if os.name == "nt" else "bin") / "python"
    stamp = folder / ".requirements"
    wanted = "\n".join(PEERS[peer])
    if not stamp.exists() or stamp.read_text() != wanted:
        venv.create(folder, with_pip=True, clear=True)
        install = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *PEERS[peer]]
        subprocess.run(install, check=True, stdout=sys.stderr)
        stamp.write_text(wanted)
    return python


def surroundings(peer: str) -> dict[str, str]:
    """Return the environment variables of a measured process: bytecode is kept, as it is where a package is installed.

    Without that a source tree is compiled anew by each process, and an import takes three times as long.
    """
    told = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    told["PYTHONPYCACHEPREFIX"] = str(HOME / "bytecode")
    if peer.startswith("hitl"):
        told["PYTHONPATH"] = os.pathsep.join([str(ROOT), str(ROOT / "generated")])
    return told


def versions(peer: str) -> str:
    """Return what a peer's table row says of it."""
    return PEERS[peer][0]


def main() -> None:
    """Make all environments; say which ones cannot be made."""
    for peer in PEERS:
        try:
            print(f"{peer:18} {python_of(peer)}", flush=True)
        except subprocess.CalledProcessError as error:
            print(f"{peer:18} cannot be installed here: {error}", flush=True)


if __name__ == "__main__":
    main()

"""`hitl server rekey`: seal the secrets of a team's server under a new key."""

from __future__ import annotations

from pathlib import Path

import click

from hitl.cli.control import control
from hitl.cli.operating import data_option
from hitl.cli.text import print_line
from hitl.server.team_settings import TeamSettings

key_file_option = click.option(
    "--secrets-key-file",
    envvar="HITL_SECRETS_KEY_FILE",
    show_envvar=True,
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="The key under which secrets are sealed.  [default: systemd's credential secrets.key, HITL_SECRETS_KEY, or a "
    "file beside the data that is made at the first start]",
)


@click.command("rekey")
@data_option
@key_file_option
def rekey_file(data: str, secrets_key_file: Path | None) -> None:
    """Seal the secrets of webhooks and channels under a new key.

    Where the key is in a file, a new one is made there and the earlier one is deleted; keep a copy of that for as long
    as there are backups. Elsewhere, put the new key before the earlier one, restart the server, and run this.
    """
    with control(data, TeamSettings(secrets_key_file=secrets_key_file)) as server:
        done = server.call("POST", "/rekey")
    rest = "the earlier key is deleted" if done["is_new"] else "the earlier key is not needed any more"
    print_line(f"{done['sealed']:,} secrets are sealed under the first key of {done['origin']}; {rest}")
    if done["closed"]:
        print_line(f"{done['closed']:,} secrets could not be opened, because their key is lost: enter them anew")

"""Options from a file: TOML whose names are those of the command line, which overrides it."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

_Command = TypeVar("_Command", bound=Callable[..., Any])


def config_option() -> Callable[[_Command], _Command]:
    """Return the option `--config FILE`, to be put below the options that the file may hold."""
    return click.option(
        "--config",
        type=click.Path(dir_okay=False, path_type=Path),
        is_eager=True,
        expose_value=False,
        callback=_use,
        help="A TOML file that holds these options by their names, such as public-url.",
    )


def _use(context: click.Context, parameter: click.Parameter, file: Path | None) -> None:
    if file is None:
        return
    try:
        found = tomllib.loads(file.read_text("utf-8"))
    except OSError as error:
        raise click.BadParameter(f"{file} cannot be read: {error.strerror}", context, parameter) from None
    except ValueError as error:  # no TOML, or no UTF-8
        raise click.BadParameter(f"{file} is not TOML: {error}", context, parameter) from None
    known = {
        each.opts[0].removeprefix("--"): each
        for each in context.command.params
        if isinstance(each, click.Option) and each is not parameter and each.expose_value
    }
    defaults: dict[str, Any] = {}
    for name, value in found.items():
        if name not in known:
            raise click.BadParameter(f"{file}: {name} is no option; there are {', '.join(known)}", context, parameter)
        defaults[str(known[name].name)] = _checked(value, known[name], f"{file}: {name}")
    context.default_map = {**(context.default_map or {}), **defaults}


def _checked(value: Any, option: click.Option, where: str) -> Any:
    """Return a value of the file in the shape that the option takes; click converts and checks the rest."""
    if option.multiple:
        texts: list[Any] = value if isinstance(value, list) else [value]  # pyright: ignore[reportUnknownVariableType]
        if not all(isinstance(each, str) for each in texts):
            raise click.BadParameter(f"{where} must be a text or a list of texts")
        return texts
    if option.is_flag:
        if not isinstance(value, bool):
            raise click.BadParameter(f"{where} must be true or false")
        return value
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise click.BadParameter(f"{where} must be a text or a number")
    return value

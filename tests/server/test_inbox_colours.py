"""The colours of the inbox can be told apart: WCAG 2.2, 1.4.3 (text, 4.5) and 1.4.11 (controls, 3)."""

from __future__ import annotations

import re

import pytest

from hitl.server.inbox.page_renderer import STATIC

TEXT = 4.5
CONTROL = 3.0
SURFACES = ("page", "sheet", "sunken")

PAIRS = [
    *((ink, surface, TEXT) for ink in ("ink", "ink-soft", "accent", "bad", "warn", "good") for surface in SURFACES),
    *((border, surface, CONTROL) for border in ("line-strong", "accent") for surface in SURFACES),
    ("on-accent", "accent", TEXT),
    ("on-accent", "accent-strong", TEXT),
    ("accent-strong", "accent-soft", TEXT),
    ("bad", "bad-soft", TEXT),
    ("warn", "warn-soft", TEXT),
    ("good", "good-soft", TEXT),
    *((ink, "accent-soft", TEXT) for ink in ("ink", "ink-soft", "accent", "bad", "warn")),  # a marked row
    ("ink", "bad-soft", TEXT),
    ("ink", "warn-soft", TEXT),
]


def themes() -> dict[str, dict[str, str]]:
    """Return the colours of both themes; the dark one replaces what it names."""
    light, dark = re.findall(r":root \{(.*?)\}", (STATIC / "inbox.css").read_text(), re.DOTALL)
    colours = [dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", block)) for block in (light, dark)]
    return {"light": colours[0], "dark": {**colours[0], **colours[1]}}


def luminance(colour: str) -> float:
    channels = (int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5))
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(("front", "back", "least"), PAIRS)
def test_a_colour_stands_out_from_what_is_behind_it(theme: str, front: str, back: str, least: float) -> None:
    colours = themes()[theme]
    assert contrast(colours[front], colours[back]) >= least

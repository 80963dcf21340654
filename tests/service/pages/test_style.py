import re

import pytest

from synthetyk.service.pages.router import STATIC

STYLE = (STATIC / "style.css").read_text()
BLOCKS = [
    dict(re.findall(r"(--[\w-]+): (#[0-9a-f]{6});", block))
    for block in re.findall(r":root \{(.*?)\}", STYLE, re.DOTALL)
]
LIGHT, DARK = BLOCKS[0], BLOCKS[0] | BLOCKS[1]
TEXT = [
    *((text, ground) for text in ("--ink", "--muted", "--accent") for ground in ("--ground", "--raised", "--sunken")),
    *((f"--{tone}", f"--{tone}-soft") for tone in ("accent", "good", "warn", "bad")),
    *(("--ink", f"--{tone}-soft") for tone in ("accent", "good", "warn", "bad")),
    ("--on-accent", "--accent"),
    ("--film-ink", "--film"),
    ("--bad", "--raised"),
]


def luminance(colour):
    """WCAG 2.2, relative luminance."""
    parts = (int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5))
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one, other):
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("scheme", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize(("text", "ground"), TEXT)
def test_text_can_be_read(scheme, text, ground):
    assert contrast(scheme[text], scheme[ground]) >= 4.5


@pytest.mark.parametrize("scheme", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("ground", ["--ground", "--raised"])
def test_edges_of_controls_can_be_seen(scheme, ground):
    assert contrast(scheme["--edge"], scheme[ground]) >= 3


def test_every_property_that_is_used_is_set():
    assert set(re.findall(r"var\((--[\w-]+)", STYLE)) - {"--tone", "--soft"} <= set(re.findall(r"(--[\w-]+):", STYLE))

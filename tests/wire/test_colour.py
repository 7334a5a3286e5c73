"""Any colour that a business may choose comes out readable, in light and in dark."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wire.colour import DARK_RAISED, INK, PAPER, contrast, stylesheet, tokens

COLOURS = st.integers(0, 0xFFFFFF).map(lambda value: f"#{value:06x}")


@given(COLOURS)
@settings(max_examples=400, deadline=None)
def test_every_colour_keeps_the_floors(colour: str) -> None:
    light, dark = tokens(colour)["light"], tokens(colour)["dark"]
    assert contrast(light["accent"], PAPER) >= 5.2
    assert contrast(light["accent"], light["on-accent"]) >= 5.7
    assert contrast(light["accent"], light["soft"]) >= 4.9
    assert contrast(light["soft"], INK) >= 7
    assert contrast(light["hover"], light["on-accent"]) >= 5.7
    assert contrast(dark["accent"], DARK_RAISED) >= 6.2
    assert contrast(dark["accent"], dark["on-accent"]) >= 7.4
    assert contrast(dark["accent"], dark["soft"]) >= 5.3
    assert contrast(dark["hover"], dark["on-accent"]) >= 7.4


@pytest.mark.parametrize(
    ("colour", "light", "dark"),
    [
        ("#2C7A55", "#23734e", "#6ab68e"),
        ("#F26B3A", "#b4400e", "#f08d6b"),
        ("#FFD400", "#796400", "#f4d66c"),
    ],
)
def test_the_colours_that_were_tried_give_what_they_gave(colour: str, light: str, dark: str) -> None:
    """Within what two implementations may round apart."""
    for found, expected in ((tokens(colour)["light"]["accent"], light), (tokens(colour)["dark"]["accent"], dark)):
        apart = [abs(int(found[at : at + 2], 16) - int(expected[at : at + 2], 16)) for at in (1, 3, 5)]
        assert max(apart) <= 6, f"{found} is not {expected}"


def test_the_brand_itself_stays_as_it_was_given() -> None:
    assert tokens("#F26B3A")["light"]["brand"] == tokens("#F26B3A")["dark"]["brand"] == "#F26B3A"


def test_the_style_sheet_names_the_same_tokens_for_light_dark_and_print() -> None:
    text, digest = stylesheet("#2C7A55")
    assert [text.count(f"--{name}:") for name in ("brand", "on-brand", "accent", "on-accent", "soft", "hover")] == [
        3
    ] * 6
    assert digest != stylesheet("#2C7A56")[1]

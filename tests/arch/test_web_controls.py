"""Every control of the web page has a key of its own, and a browser test that presses it."""

import ast
from pathlib import Path

import pytest
from widget_keys import HOLE, fits, listed_keys, pressed_keys, widget_keys

ROOT = Path(__file__).resolve().parents[2]
PAGES = ROOT / "webui_pages"
KEYS = widget_keys(PAGES)
PRESSED = pressed_keys(sorted((ROOT / "tests" / "e2e").glob("*web_*.py")))


def test_every_control_has_a_key_of_its_own() -> None:
    assert [place for key, place in KEYS.items() if key.startswith(("<", HOLE))] == []


def test_every_control_is_pressed_in_a_browser() -> None:
    # A key without holes is nobody else's: `drop_all` says nothing of `drop_` and a number.
    whole = {key for key in KEYS if HOLE not in key}
    unpressed = [
        f"{key.replace(HOLE, '*')} ({place})"
        for key, place in KEYS.items()
        if not any(fits(key, pressed) for pressed in PRESSED if pressed == key or pressed not in whole)
    ]
    assert unpressed == []


def test_the_list_of_hooks_names_every_control() -> None:
    listed = listed_keys(ast.get_docstring(ast.parse((PAGES / "app.py").read_text("utf-8"))) or "")
    assert sorted(key.replace(HOLE, "*") for key in KEYS if not any(fits(key, each) for each in listed)) == []


@pytest.mark.parametrize(
    ("key", "pressed", "same"),
    [
        ("drop_all", "drop_all", True),
        ("drop_\0", "drop_0", True),
        ("drop_\0", "drop_", True),
        ("tab_\0_\0", "tab_", True),
        ("drop_all", "drop_", False),
        ("set_\0_size", "set_", False),
    ],
)
def test_a_key_with_a_hole_fits_what_fills_it(key: str, pressed: str, same: bool) -> None:
    assert fits(key, pressed) is same

"""What a picture shows of each Value, as the user asked for it.

Takes: the options ``show``, ``blank``, ``digits`` and ``theme``.
Gives: ``Style``, which the boxes, the notes on hovering and the text tree all read.
Promises: a Style that exists is valid; a bad option raises an error with its name and its choices.
"""

import operator
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from gradloom.draw.theme import THEMES, Theme

__all__ = ["ITEMS", "Style", "choice", "style", "whole"]

ITEMS = ("label", "data", "grad")


@dataclass(frozen=True)
class Style:
    """Which items a box shows, which of them are left blank, and how numbers and colours look."""

    show: tuple[str, ...]
    blank: tuple[str, ...]
    digits: int
    theme: Theme
    room: int = 0  # the least characters that a number has room for: boxes keep their size as numbers change


def style(show, blank, digits, theme, room=0) -> Style:
    """The Style of the options of ``draw``."""
    show, blank = _items("show", show), _items("blank", blank)
    if not show:
        raise ValueError(f"show must name at least one of {_listed(ITEMS)}")
    for name in blank:
        if name not in show:
            raise ValueError(f"blank={name!r} leaves empty what is not shown; add it to show={show!r}")
    digits = whole("digits", digits, 0, 17)
    return Style(show, blank, digits, THEMES[choice("theme", theme, THEMES)], room)


def choice(name: str, value: object, choices: Collection[str]) -> str:
    """``value`` if it is one of ``choices``."""
    if not isinstance(value, str) or value not in choices:
        raise ValueError(f"{name} must be one of {_listed(choices)}, not {value!r}")
    return value


def whole(name: str, value: object, least: int, most: int) -> int:
    """``value`` as an int from ``least`` to ``most``."""
    try:
        n = operator.index(value)  # type: ignore[arg-type]  # asking is how one finds out
    except TypeError:
        n = least - 1
    if isinstance(value, bool) or not least <= n <= most:
        raise ValueError(f"{name} must be a whole number from {least} to {most:,}, not {value!r}")
    return n


def _items(name: str, value: object) -> tuple[str, ...]:
    """The items in ``value``: one name, several, or None for none; each once."""
    if value is None:
        return ()
    if not isinstance(value, Iterable):
        raise TypeError(f"{name} must be a tuple of {_listed(ITEMS)}, not {type(value).__name__}")
    names = [choice(f"each item of {name}", x, ITEMS) for x in ([value] if isinstance(value, str) else value)]
    if isinstance(value, (set, frozenset)):  # has no order of its own
        names.sort(key=ITEMS.index)
    return tuple(dict.fromkeys(names))


def _listed(names: Collection[str]) -> str:
    return ", ".join(map(repr, names))

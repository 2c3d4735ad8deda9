"""The colours of the pictures, one theme a column of meaning.

Takes: nothing.
Gives: ``THEMES``, by name; each says how a leaf, an inner result, an operation and the root look.
Promises: every theme paints its own background, so that a picture reads the same on a white page and
in a dark notebook; text keeps a contrast of 4.5 to 1 or more on what lies behind it, lines 3 to 1 (tested);
``print`` needs no colour at all.
"""

from dataclasses import dataclass

__all__ = ["THEMES", "Paint", "Theme"]


@dataclass(frozen=True)
class Paint:
    """How one kind of node looks: its fill, its outline, and the lines between its cells."""

    fill: str
    line: str
    rule: str
    width: int = 1


@dataclass(frozen=True)
class Theme:
    """The colours of one picture."""

    background: str
    text: str
    caption: str  # the small words "data" and "grad", and notes
    edge: str
    blank: str  # a field to fill in
    positive: str  # a gradient above 0
    negative: str  # and below
    accent: str  # what is happening now, and what can be pressed
    leaf: Paint
    result: Paint
    root: Paint
    operation: Paint
    folded: Paint  # a box that stands for many nodes
    frame: str  # the line around a scope
    inside: str  # and its ground


THEMES = {
    "light": Theme(
        background="#ffffff",
        text="#1c2733",
        caption="#5f6d7c",
        edge="#8794a3",
        blank="#ffffff",
        positive="#2563b8",
        negative="#bf400c",
        accent="#1c2733",
        leaf=Paint("#eaf2fc", "#6594d0", "#c3d8f0"),
        result=Paint("#f6f7f9", "#8593a2", "#d9dee4"),
        root=Paint("#e6f5eb", "#4ba36c", "#b8dfc6", width=2),
        operation=Paint("#fdf3dc", "#b98722", "#b98722"),
        folded=Paint("#f1edfa", "#8f7cc4", "#d6ccec", width=2),
        frame="#c3cbd5",
        inside="#fbfcfd",
    ),
    "dark": Theme(
        background="#12171e",
        text="#e6ebf1",
        caption="#9aa8b7",
        edge="#7d8a99",
        blank="#12171e",
        positive="#6ea8f0",
        negative="#f08a4b",
        accent="#e6ebf1",
        leaf=Paint("#17293f", "#5388c4", "#2c4a6c"),
        result=Paint("#1e2630", "#5f6e7e", "#38444f"),
        root=Paint("#15352a", "#49a878", "#27604a", width=2),
        operation=Paint("#3a2f16", "#c39a41", "#c39a41"),
        folded=Paint("#2a2440", "#8f7cc4", "#463c68", width=2),
        frame="#3a4653",
        inside="#161c24",
    ),
    "print": Theme(
        background="#ffffff",
        text="#000000",
        caption="#444444",
        edge="#444444",
        blank="#ffffff",
        positive="#000000",
        negative="#000000",
        accent="#000000",
        leaf=Paint("#ffffff", "#000000", "#999999"),
        result=Paint("#f0f0f0", "#000000", "#999999"),
        root=Paint("#f0f0f0", "#000000", "#999999", width=2),
        operation=Paint("#ffffff", "#000000", "#000000"),
        folded=Paint("#e4e4e4", "#000000", "#999999", width=2),
        frame="#777777",
        inside="#ffffff",
    ),
}

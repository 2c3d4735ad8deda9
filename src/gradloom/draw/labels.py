"""What is written in a picture: numbers, names, and the boxes that hold them.

Takes: a Value, and the Style that says which items of it to show.
Gives: texts safe in Graphviz's HTML-like labels, in SVG and in a terminal; the box of a node.
Promises: a label draws as it reads, whatever its characters: ``{ } | < > \\ " &``, line breaks,
emoji; characters that no XML file may hold are written as escapes; long text ends in three dots;
a blank item's number appears nowhere.
"""

import html
import math
import re

import graphviz

from gradloom.draw.graph import Box
from gradloom.draw.style import Style
from gradloom.draw.theme import Paint
from gradloom.engine import Value
from gradloom.lines import spoken
from gradloom.scopes import origin

__all__ = [
    "box",
    "describe",
    "describe_box",
    "folded_box",
    "in_box",
    "in_picture",
    "in_terminal",
    "made_in",
    "number",
]

_FORBIDDEN = "[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]"  # in XML; compiled when first needed
_LONGEST_LINE, _MOST_LINES = 40, 6
_LONGEST_SOURCE = 120


def number(x: float, digits: int) -> str:
    """``x`` with ``digits`` decimals, or with an exponent where it would not fit a box.

    Examples
    --------
    >>> number(2.0, 4), number(-0.00001, 4), number(1e300, 4), number(float("nan"), 4)
    ('2.0000', '0.0000', '1.0000e+300', 'nan')
    """
    kind = "e" if math.isfinite(x) and abs(x) >= 1e9 else "f"
    return f"{x:z.{digits}{kind}}"  # z: no minus sign before a rounded 0


# ---- text
def _lines(text: object) -> list[str]:
    """The lines of ``text`` that a picture shows: not too many, none too long, all printable."""
    rows = re.sub("\r\n?", "\n", str(text)).replace("\t", " ").split("\n")
    if len(rows) > _MOST_LINES:
        rows = [*rows[: _MOST_LINES - 1], "..."]
    return [_printable(row, _LONGEST_LINE) for row in rows]


def _printable(row: str, longest: int) -> str:
    row = row if len(row) <= longest else row[: longest - 3] + "..."
    return re.sub(_FORBIDDEN, lambda found: repr(found[0])[1:-1], row)


# Graphviz reads \N in a label as the name of the node, in HTML-like ones too; \\ is a backslash.
# Graphviz 2.43 (Debian 12) takes a ] at the start of an HTML-like text for a syntax error.
def in_box(text: object) -> str:
    """``text`` for an HTML-like label."""
    rows = (html.escape(row).replace("\\", "\\\\").replace("]", "&#93;") for row in _lines(text))
    return "<BR/>".join(rows)


def in_picture(text: object) -> str:
    """``text`` for an ordinary label, which is centred in every font."""
    rows = (row.replace("&", "&amp;").replace("\\", "\\\\") for row in _lines(text))
    return graphviz.nohtml("\\n".join(rows))


def in_terminal(text: object) -> str:
    """``text`` on one line."""
    return "\\n".join(_lines(text))


def describe(node: Value, style: Style, exact: bool = False) -> str:
    """``node`` on one line, as ``label | data 2.0000 | grad 0.0000``.

    ``exact``: all the digits, and the line of source that made it.
    """
    items = []
    for name in style.show:
        if name in style.blank:
            items.append(f"{name} ____")
        elif getattr(node, name) is None:
            continue
        elif name != "label":
            x = getattr(node, name)
            items.append(f"{name} {x if exact else number(x, style.digits)}")
        elif node.label:
            items.append(in_terminal(node.label))
    if exact and (made := made_in(node)):
        items.append(f"made in {made}")
    return " | ".join(items) or "(no label)"


def made_in(node: Value) -> str:
    """``line 12 of neuron.py: n = w * x``, if the line that made the node was recorded; else nothing."""
    _, place = origin(node._trace)
    return _printable(spoken(*place), _LONGEST_SOURCE) if place else ""


def describe_box(many: Box, style: Style) -> str:
    """A box of many on one line: ``neuron x 16: 416 nodes | grad norm 0.1234``."""
    return f"{in_terminal(many.title)}: {' | '.join(_captions(many, style))}"


def _captions(many: Box, style: Style) -> list[str]:
    if many.caption:
        return [many.caption]
    captions = [f"{many.count:,} nodes"]
    if "grad" in style.show and "grad" not in style.blank and many.grad is not None:
        captions.append(f"grad norm {number(many.grad, style.digits)}")
    return captions


# ---- boxes
def folded_box(many: Box, style: Style) -> str:
    """The HTML-like label of a box that stands for many nodes: its name above, its size below."""
    paint = getattr(style.theme, many.kind)
    small = f'<FONT COLOR="{style.theme.caption}" POINT-SIZE="11">'
    rows = [f"<B>{in_box(many.title)}</B>" if many.scope else in_box(many.title)]
    rows += [f"{small}{in_box(text)}</FONT>" for text in _captions(many, style)]
    return (
        f'<<TABLE BORDER="{paint.width}" STYLE="ROUNDED" CELLBORDER="0" CELLSPACING="0" CELLPADDING="9" '
        f'BGCOLOR="{paint.fill}" COLOR="{paint.line}"><TR><TD>{"<BR/>".join(rows)}</TD></TR></TABLE>>'
    )


def box(node: Value, style: Style, paint: Paint) -> str:
    """The HTML-like label of a Value: label | data | grad in a row, with blanks to fill in."""
    shown = [name for name in style.show if name != "label" or node.label or name in style.blank]
    cells = [(_cell(name, node, style, paint), _room(name, style)) for name in shown] or [(" ", "")]
    rule = f' BORDER="1" SIDES="L" COLOR="{paint.rule}"'
    row = "".join(f"<TD{rule if i else ''}{room}>{cell}</TD>" for i, (cell, room) in enumerate(cells))
    return (
        f'<<TABLE BORDER="{paint.width}" STYLE="ROUNDED" CELLBORDER="0" CELLSPACING="0" CELLPADDING="6" '
        f'BGCOLOR="{paint.fill}" COLOR="{paint.line}"><TR>{row}</TR></TABLE>>'
    )


def _room(name: str, style: Style) -> str:
    """The attributes of a cell that keeps its width whatever its number, in Graphviz's points."""
    return f' WIDTH="{36 + 6.7 * style.room:.0f}" ALIGN="LEFT"' if style.room and name != "label" else ""


def _cell(name: str, node: Value, style: Style, paint: Paint) -> str:
    if name == "label" and name not in style.blank:
        return f"<B>{in_box(node.label)}</B>"
    caption = f'<FONT COLOR="{style.theme.caption}" POINT-SIZE="10">{name} </FONT>'
    if name not in style.blank:
        x = getattr(node, name)
        return caption + (number(x, style.digits) if x is not None else " ")  # between the steps of a pass
    return (
        f'<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="0" CELLPADDING="0"><TR><TD>{caption}</TD>'
        f'<TD BORDER="1" COLOR="{paint.line}" BGCOLOR="{style.theme.blank}" WIDTH="52" HEIGHT="18" '
        f'FIXEDSIZE="TRUE"></TD></TR></TABLE>'
    )

"""A graph as indented text, for a terminal.

Takes: a ``View`` of a graph and the ``Style`` of the picture.
Gives: ``tree``, a text with a line for each node and its operands below it, one step to the right.
Promises: no recursion; a node met again is one line that refers to the first; the only characters
outside ASCII are those of the labels.
"""

from collections import Counter

from gradloom.draw.figure import note
from gradloom.draw.graph import View
from gradloom.draw.labels import describe, in_terminal
from gradloom.draw.style import Style
from gradloom.engine import Value

__all__ = ["tree"]


def tree(view: View, style: Style) -> str:
    """The text. ``<- +`` says which operation made a node; ``(1)`` marks one that comes again."""
    operands = dict(zip(view.nodes, view.operands, strict=True))
    rows = _walk(operands)
    times = Counter(node for _, node in rows)
    marks: dict[Value, int] = {}
    lines = []
    for depth, node in rows:
        if node is None:
            text = "..."
        elif node in marks:
            text = ", ".join(filter(None, (_name(node, style), f"see ({marks[node]})")))
        else:
            made = f" <- {in_terminal(node._op) or '?'}" if operands[node] else ""
            mark = f"  ({marks.setdefault(node, len(marks) + 1)})" if times[node] > 1 else ""
            text = describe(node, style) + made + mark
        lines.append("  " * depth + text)
    if view.missing:
        lines.append(note(view.missing))
    return "\n".join(lines)


def _walk(operands: dict[Value, tuple[Value, ...]]) -> list[tuple[int, Value | None]]:
    """(depth, node) of each line; None stands for the operands that are not shown."""
    rows: list[tuple[int, Value | None]] = []
    met: set[Value] = set()
    for start in operands:  # the root; where there are several, those not met yet
        waiting: list[tuple[int, Value | None]] = [] if start in met else [(0, start)]
        while waiting:
            depth, node = waiting.pop()
            rows.append((depth, node))
            if node is None or node in met:
                continue
            met.add(node)
            shown: list[Value | None] = [x for x in operands[node] if x in operands]
            if len(shown) < len(operands[node]):
                shown.append(None)
            waiting.extend((depth + 1, x) for x in reversed(shown))
    return rows


def _name(node: Value, style: Style) -> str:
    hidden = "label" not in style.show or "label" in style.blank
    return "" if hidden or not node.label else in_terminal(node.label)

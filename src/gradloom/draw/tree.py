"""A graph as indented text, for a terminal.

Takes: a ``View`` of a graph and the ``Style`` of the picture.
Gives: ``tree``, a text with a line for each node and its operands below it, one step to the right.
Promises: no recursion; a node met again is one line that refers to the first; the only characters
outside ASCII are those of the labels.
"""

from collections import Counter
from typing import Any

from gradloom.draw.figure import folded_note, note
from gradloom.draw.graph import Box, View
from gradloom.draw.labels import describe, describe_box, in_terminal
from gradloom.draw.style import Style

__all__ = ["tree"]


def tree(view: View, style: Style) -> str:
    """The text. ``<- +`` says which operation made a node; ``(1)`` marks one that comes again;
    ``[layer 0 > neuron 2]`` says which scope begins below."""
    operands = dict(zip(view.nodes, view.operands, strict=True))
    rows = _walk(operands)
    times = Counter(node for _, node in rows)
    marks: dict[Any, int] = {}
    scopes = _scopes(view)
    around = [""]  # the scope of each line above, outer ones first
    lines = []
    for depth, node in rows:
        if node is None:
            text = "..."
        elif node in marks:
            text = ", ".join(filter(None, (_name(node, style), f"see ({marks[node]})")))
        else:
            folded = isinstance(node, Box)
            made = "" if folded or not operands[node] else f" <- {in_terminal(node._op) or '?'}"
            mark = f"  ({marks.setdefault(node, len(marks) + 1)})" if times[node] > 1 else ""
            scope = scopes.get(node, "")
            where = f"  [{scope}]" if scope not in ("", around[depth]) else ""
            around[depth + 1 :] = [scope]
            text = (describe_box if folded else describe)(node, style) + made + where + mark
        lines.append("  " * depth + text)
    if view.missing:
        lines.append(note(view.missing))
    if view.boxes:
        lines.append(folded_note(view) if view.heading else f"... {folded_note(view)}")
    return "\n".join(lines)


def _scopes(view: View) -> dict[Any, str]:
    """The scopes around each node, outer ones first."""
    paths: list[str] = []
    for frame in view.frames:
        outer = f"{paths[frame.outside]} > " if frame.outside >= 0 else ""
        paths.append(outer + in_terminal(frame.name))
    return {node: path for frame, path in zip(view.frames, paths, strict=True) for node in frame.nodes}


def _walk(operands: dict[Any, tuple[Any, ...]]) -> list[tuple[int, Any]]:
    """(depth, node) of each line; None stands for the operands that are not shown."""
    rows: list[tuple[int, Any]] = []
    met: set[Any] = set()
    for start in operands:  # the root; where there are several, those not met yet
        waiting: list[tuple[int, Any]] = [] if start in met else [(0, start)]
        while waiting:
            depth, node = waiting.pop()
            rows.append((depth, node))
            if node is None or node in met:
                continue
            met.add(node)
            shown: list[Any] = [x for x in operands[node] if x in operands]
            if len(shown) < len(operands[node]):
                shown.append(None)
            waiting.extend((depth + 1, x) for x in reversed(shown))
    return rows


def _name(node: Any, style: Style) -> str:
    if isinstance(node, Box):
        return in_terminal(node.title)
    hidden = "label" not in style.show or "label" in style.blank
    return "" if hidden or not node.label else in_terminal(node.label)

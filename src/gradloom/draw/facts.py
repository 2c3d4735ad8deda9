"""What the explorer's page knows of a graph: of each node, of each box, and what it says of all.

Takes: the ``Unfolding`` of a graph and its ``Passes``.
Gives: ``facts``, a dict for each node and box, by their numbers, to be written as JSON; ``gradient``;
``notice``, ``summary`` and ``refusal``, sentences; ``in_table``.
Promises: labels are text as they are; what is not known of a node is not in its dict.
"""

from gradloom.draw.figure import folded_note, note
from gradloom.draw.graph import Box
from gradloom.draw.inside import Unfolding
from gradloom.draw.javascript import rule
from gradloom.draw.labels import in_terminal, made_in
from gradloom.draw.moments import name_of
from gradloom.draw.passes import Passes, by_hand, norm
from gradloom.engine import Value
from gradloom.ops import TABLE, Row

__all__ = ["facts", "gradient", "in_table", "notice", "refusal", "summary"]

_LONGEST = 26  # letters of a name


def facts(un: Unfolding, found: Passes) -> list[dict[str, object]]:
    """By number: the nodes of ``un.whole``, then the boxes that unfold."""
    names: dict[int, str] = {}
    things = (*un.whole.nodes, *un.members)
    for i in un.walk:  # operands first
        names[i] = _name(things[i], un, names)
    told = [_box(x, un, found) if isinstance(x, Box) else _node(x, un) for x in things]
    return [{"name": names[i], **fact} for i, fact in enumerate(told)]


def _box(x: Box, un: Unfolding, found: Passes) -> dict[str, object]:
    told: dict[str, object] = {
        "label": x.title,
        "op": "",
        "operands": [un.number[y] for y in un.operands[x]],
        "folded": x.count,
        "norm": gradient(x, un, found),
    }
    if x in un.members:
        told["inside"] = [un.number[y] for y in un.members[x]]
        told["gives"] = [un.number[y] for y in x.gives]
    return told


def _node(x: Value, un: Unfolding) -> dict[str, object]:
    (row, operands), shown = x._recipe, un.whole.operands[un.number[x]]
    told: dict[str, object] = {
        "label": un.whole.names.get(x, str(x.label)),
        "op": str(x._op),
        "operands": [un.number.get(y, -1) for y in shown],
        "data": x.data,
        "stored": x.grad,
    }
    hidden = {k: y.data for k, y in enumerate(x.operands) if shown[k] is not y or y not in un.number}
    if made := made_in(x):
        told["made"] = made
    if hidden:  # their numbers are in its formula
        told["hidden"] = hidden
    if by_hand(x):
        return told
    if in_table(row):
        told["row"] = row.name
        if row.parameter:
            told["parameter"] = operands[-1]
    elif row is not None:
        told["rule"] = rule(row)
    return told


def gradient(x: Value | Box, un: Unfolding, found: Passes) -> float | None:
    """That of a node; of a box the norm; None where it is not known."""
    if isinstance(x, Box) and x in un.members:
        return None if found.trouble else norm(x, found.all_grads)
    return found.grads[un.number[x]] if x in un.number else None


def in_table(row: Row | None) -> bool:
    """Whether the page can compute with it."""
    return row is not None and TABLE.get(row.name) is row


# ---- names
def _name(x: Value | Box, un: Unfolding, names: dict[int, str]) -> str:
    """A label; without one, a leaf's number, or how a result was made of its operands."""
    label = " ".join((x.title if isinstance(x, Box) else un.whole.names.get(x, str(x.label))).split())
    if label or isinstance(x, Box):
        return label if len(label) <= _LONGEST else f"{label[: _LONGEST - 1]}\u2026"
    if not x.operands:
        return f"{x.data:.4g}"
    row, operands = x._recipe
    shown = un.whole.operands[un.number[x]]
    made = ["the" if isinstance(y, Box) else names.get(un.number.get(y, -1), "the") for y in shown]
    if row is not None and not by_hand(x) and not any(name.startswith("the") for name in made):
        if not row.spelling.endswith(")"):
            bare = [
                y.label or not y.operands or name[-1:] == ")"
                for y, name in zip(x.operands, made, strict=True)
            ]
            made = [name if alone else f"({name})" for name, alone in zip(made, bare, strict=True)]
        made += [f"{c:.4g}" for c in operands[len(made) :]]  # the 2 of x**2
        call = row.spelling.format(*made)
        if len(call) <= _LONGEST:
            return call
    return f"the {x._op or '?'} node"


# ---- sentences
def summary(un: Unfolding) -> str:
    """The picture in a sentence."""
    boxes = len(un.view.boxes)
    many = f", and {boxes} box{'es' * (boxes > 1)} of many" if boxes else ""
    return f"The graph: {len(un.view.nodes) - boxes} numbers{many}"


def notice(un: Unfolding, found: Passes) -> str:
    """What the page does not have; empty where that is nothing."""
    said = [f"There is no backward pass: {found.trouble}."] if found.trouble else []
    if un.view.boxes:
        unfold = len(un.members)
        some = f"; {unfold} of them unfold{'s' * (unfold == 1)}" if unfold else ""
        said.append(f"{folded_note(un.view)}{some}.")
    elif un.view.missing:
        said.append(f"{note(un.view.missing)}.")
    return " ".join(said)


def refusal(un: Unfolding, found: Passes) -> str:
    """Why the page cannot compute with other numbers; empty if it can."""
    if found.trouble:
        return "This needs a backward pass, and there is none."
    for node, operands in zip(un.whole.nodes, un.whole.operands, strict=True):
        if operands and not isinstance(node, Box) and (by_hand(node) or not in_table(node._recipe[0])):
            return (
                f"{in_terminal(name_of(node))} was not made by an operation of the table, so this page does "
                "not know its formula and cannot compute with other numbers."
            )
    if un.whole.missing or un.whole.boxes:
        return (
            "A part of the graph is not shown one by one in this page, so it cannot compute with other "
            "numbers; explore(root, max_nodes=...) takes more of it in."
        )
    return ""

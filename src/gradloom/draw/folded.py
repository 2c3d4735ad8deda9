"""What a picture shows of a graph that is folded.

Takes: a ``Folding``, and which of its groups are open.
Gives: ``folded_view``, a ``View`` with Boxes among its nodes and Frames around them; ``view_of``, the View
that is shown of a graph, folded or not.
Promises: every node is shown, or counted in the one Box that it is in; the order depends on the graph alone.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from gradloom.draw.fold import FOLDS, Folding, Group, bearable, shown
from gradloom.draw.graph import Box, Frame, View, nearest, view_from_root
from gradloom.draw.naming import parameter_names
from gradloom.draw.quotient import Parts, Quotient, distances
from gradloom.draw.style import choice
from gradloom.engine import Value, read
from gradloom.errors import CycleError

__all__ = ["folded_view", "view_of"]

_FEW = 60  # nodes that can always be laid out


def view_of(roots: Sequence[Value], most: int, fold: str = "auto", unfold: str | Iterable[str] = ()) -> View:
    """What is shown of the graph below ``roots`` in at most so many boxes; options as in ``draw``."""
    choice("fold", fold, FOLDS)
    unfold = (unfold,) if isinstance(unfold, str) else tuple(unfold)
    if fold == "none" and len(roots) == 1:
        return view_from_root(roots[0], _bearable(roots[0], most))
    try:
        folding = Folding(roots, unfold)
    except CycleError:  # made by hand: it has no layers
        return view_from_root(roots[0], most)
    if len(folding.scopes.names) == 1 and folding.fits(Parts(folding.whole.nodes), most) and len(roots) == 1:
        return view_from_root(roots[0], most)
    return folded_view(folding, folding.opened(most, fold != "all"))


def _bearable(root: Value, most: int) -> int:
    """How many of the nodes nearest ``root``, at most so many, can be laid out."""
    while most > _FEW:
        nodes = nearest([root], lambda node: node.operands, most)
        place = {node: i for i, node in enumerate(nodes)}
        edges = {(place[x], i) for i, node in enumerate(nodes) for x in node.operands if x in place}
        src, dst = np.array(sorted(edges), dtype=np.int64).reshape(-1, 2).T
        if bearable(distances(len(nodes), src, dst), src, dst):
            break
        most = min(most, len(nodes)) * 3 // 4
    return most


def folded_view(folding: Folding, opened: dict[Group, Parts]) -> View:
    """The View in which these groups are open."""
    net, values = folding.net, folding.net.nodes
    parts = shown(opened)
    frame_of, frames = _frames(opened)
    parts_around = _parts_around(folding, frames)
    quotient = Quotient(net, parts)
    boxes = [_box(folding, x, parts_around[frame_of[x]]) for x in parts.groups]
    things = [*(values[i] for i in parts.nodes.tolist()), *boxes]
    _gradients(folding, quotient, things)
    for src, dst, count in zip(
        quotient.src.tolist(), quotient.dst.tolist(), quotient.counts.tolist(), strict=True
    ):
        if isinstance(things[dst], Box):
            things[dst].uses[things[src]] = count
    operands: dict[Any, tuple[Any, ...]] = {x: tuple(x.uses) for x in things if isinstance(x, Box)}
    inside: list[list[Any]] = [[] for _ in frames]
    unnamed: dict[Value, list[object]] = {}
    for part, thing in zip([*parts.nodes.tolist(), *parts.groups], things, strict=True):
        constants: tuple[Any, ...] = ()
        if not isinstance(part, Group):
            mine = net.args[net.start[part] : net.start[part + 1]].tolist()
            known = {values[i]: things[quotient.owner[i]] for i in mine}
            constants = tuple(x for x in thing.operands if x not in known)
            operands[thing] = tuple(known.get(x, x) for x in thing.operands)
            operands.update((x, ()) for x in constants)
            if not operands[thing] and not thing.label:
                unnamed[thing] = parts_around[frame_of[part]]
        if frame_of[part] >= 0:
            inside[frame_of[part]] += [thing, *constants]
    roots = dict.fromkeys(things[quotient.owner[i]] for i in folding.roots)
    ordered = nearest(list(roots), operands.__getitem__, len(operands))
    shown_frames = tuple(
        Frame(group.name, around, tuple(some)) for (group, around), some in zip(frames, inside, strict=True)
    )
    names = parameter_names(unnamed)
    return View(ordered, tuple(operands[x] for x in ordered), 0, shown_frames, names=names)


def _frames(opened: dict[Group, Parts]) -> tuple[dict[Any, int], list[tuple[Group, int]]]:
    """The frame in which each part is, and the frames: a scope and the frame outside."""
    frames: list[tuple[Group, int]] = []
    frame_of: dict[Any, int] = {}
    for group, parts in opened.items():  # outer groups first
        frame = frame_of.get(group, -1)
        if group.kind == "scope" and group.name:
            frames.append((group, frame))
            frame = len(frames) - 1
        frame_of |= dict.fromkeys([*parts.nodes.tolist(), *parts.groups], frame)
    return frame_of, frames


def _parts_around(folding: Folding, frames: list[tuple[Group, int]]) -> list[list[object]]:
    """The parts of models around what is in each frame, the innermost first; at last, outside of all frames:
    the one model that there is."""
    parts, parent = folding.scopes.parts, folding.scopes.parent
    outermost = {id(part): part for part, i in zip(parts, parent, strict=True) if i >= 0 and parts[i] is None}
    outermost.pop(id(None), None)
    model = list(outermost.values()) if len(outermost) == 1 else []
    found: list[list[object]] = []
    for group, around in frames:  # outer ones first
        found.append([parts[group.scope], *(found[around] if around >= 0 else model)])
    return [*found, model]


def _box(folding: Folding, group: Group, around: list[object]) -> Box:
    first, *_ = [*folding.members(group).groups, group] if group.times > 1 else [group]
    count = len(group.nodes) + int(folding.net.constants[group.nodes].sum())
    members = [folding.net.nodes[i] for i in group.nodes.tolist()]
    if group.kind == "scope":
        around = [folding.scopes.parts[group.scope], *around]
    return Box(group.name, first.kind == "scope", group.times, count, 0.0, {}, members=members, around=around)


def _gradients(folding: Folding, quotient: Quotient, things: list[Any]) -> None:
    """What each Box gives to others, and the norm of the gradients there."""
    operands, results = folding.net.edges(np.arange(len(folding.net)))
    leaving = operands[quotient.owner[operands] != quotient.owner[results]]
    leaving = np.unique(np.concatenate([leaving, np.array(folding.roots, dtype=np.int64)]))
    leaving = leaving[[isinstance(things[i], Box) for i in quotient.owner[leaving].tolist()]]
    given = [folding.net.nodes[i] for i in leaving.tolist()]
    grads = read(given, "grad")
    with np.errstate(over="ignore", invalid="ignore"):
        squares = np.bincount(quotient.owner[leaving], weights=grads * grads, minlength=len(things))
    for thing, square in zip(things, squares.tolist(), strict=True):
        if isinstance(thing, Box):
            thing.grad, thing.gives = square**0.5, []
    for node, i in zip(given, quotient.owner[leaving].tolist(), strict=True):
        things[i].gives.append(node)

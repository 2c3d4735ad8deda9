"""The scopes of a graph as a tree, with names: which node is in which box.

Takes: a ``Network``.
Gives: ``Scopes``: for each node the scope that is its home, and of each scope its parent and name.
Promises: a leaf is at home where all its uses are; a leaf of several scopes, where it was made. A part of
a model is called after the attribute that holds it (``self.layers[0]``: "layer 0"), which is looked for
when a picture is drawn.
"""

import re
from dataclasses import dataclass

import numpy as np

from gradloom.draw.network import Network
from gradloom.module import held_by
from gradloom.scopes import entry, origin

__all__ = ["Scopes", "family", "scopes_of"]


@dataclass(frozen=True, eq=False)
class Scopes:
    """Scope 0 is the whole graph; the others come after their parents, each with all below it in a row."""

    home: np.ndarray  # int64 (nodes,): the scope of each node
    parent: list[int]  # of each scope; -1 of the whole
    names: list[str]
    end: list[int]  # the scopes below s are s + 1 to end[s] - 1
    parts: list[object]  # of each scope, the part of a model that is at work; None where none is


def scopes_of(net: Network) -> Scopes:
    """The scopes of a graph's nodes, in the order in which they were entered."""
    carried, at = np.unique(net.scopes, return_inverse=True)
    found = [origin(number)[0] for number in carried.tolist()]
    around = _chains(found)
    children: dict[int, list[int]] = {}
    for number in sorted(around):
        children.setdefault(around[number][0], []).append(number)
    index, parent, names, end = {0: 0}, [-1], [""], [0]
    parts: list[object] = [None]
    waiting = [(0, iter(children.get(0, ())))]
    holders: dict[int, object] = {0: None}  # the part of a model that is at work in a scope
    called: dict[tuple[int, int], str] = {}
    while waiting:
        number, rest = waiting[-1]
        child = next(rest, None)
        if child is None:
            end[index[number]] = len(parent)
            waiting.pop()
            continue
        what = around[child][1]
        index[child] = len(parent)
        parent.append(index[number])
        pair = id(what), id(holders[number])
        if not isinstance(what, str) and pair not in called:
            called[pair] = _name(what, holders[number])
        names.append(what if isinstance(what, str) else called[pair])
        end.append(0)
        holders[child] = holders[number] if isinstance(what, str) else what
        parts.append(holders[child])
        waiting.append((child, iter(children.get(child, ()))))
    home = np.array([index.get(number, 0) for number in found], dtype=np.int64)[at.reshape(-1)]
    return Scopes(_leaves_at_home(net, home, parent), parent, names, end, parts)


def _chains(numbers: list[int]) -> dict[int, tuple[int, object]]:
    """What is known of these scopes and of those around them."""
    known: dict[int, tuple[int, object]] = {}
    for number in numbers:
        while number and number not in known and (found := entry(number)):
            known[number] = found
            number = found[0]
    return {number: (parent if parent in known else 0, what) for number, (parent, what) in known.items()}


def _leaves_at_home(net: Network, home: np.ndarray, parent: list[int]) -> np.ndarray:
    """``home``, with each leaf in the one scope of its uses, or in what its uses and its birth share."""
    everyone = np.arange(len(net))
    operands, results = net.edges(everyone)
    least = np.full(len(net), len(parent))
    most = np.full(len(net), -1)
    np.minimum.at(least, operands, home[results])
    np.maximum.at(most, operands, home[results])
    leaf, used = net.codes == 0, most >= 0
    single = leaf & used & (least == most)
    shared = leaf & used & (least != most)
    born = home.copy()
    home = np.where(single, most, np.where(shared, 0, home))
    for i in np.flatnonzero(shared & (born > 0)).tolist():
        home[i] = _common([int(born[i]), int(least[i]), int(most[i])], parent)
    return home


def _common(scopes: list[int], parent: list[int]) -> int:
    """The innermost scope that holds all; parents come first, so the larger number is never outside."""
    while len(set(scopes)) > 1:
        i = scopes.index(max(scopes))
        scopes[i] = parent[scopes[i]]
    return scopes[0]


# ---- names
def _name(part: object, holder: object) -> str:
    if isinstance(part, type):  # of a part that is gone
        return part.__name__
    return (holder is not None and _path(part, holder)) or type(part).__name__


def _path(part: object, holder: object) -> str | None:
    """How ``holder`` reaches ``part``: "layer 0" for ``layers[0]``, "head" for ``head``."""
    waiting, seen = [("", holder)], {id(holder)}
    for path, thing in waiting:
        for key, x in held_by(thing):
            name = f"{path} {key}".strip()
            if x is part:
                return re.sub(r"s((?: \d+)+)$", r"\1", name)
            if id(x) not in seen and isinstance(x, (list, tuple, dict)):
                seen.add(id(x))
                waiting.append((name, x))
    return None


def family(name: str) -> str:
    """A name without its number: "neuron" for "neuron 2"."""
    return re.sub(r"[\s._-]*\d+$", "", name) or name

"""Graphs of any size in a picture: what is folded into one box, and what is shown.

Takes: the roots of a graph, and how many boxes there may be.
Gives: ``Folding``: groups of nodes, inside one another, each of which can be drawn as one box or opened.
Promises: no recursion, whatever the depth. A scope is a group. Where there are more things side by side
than fit, equal ones become one group ("neuron x 16"), then whatever serves a single node joins it, then
nodes go by their distance from the result, the nearest staying as they are. Groups are opened from the
outside in, the smallest first, as long as there is room; what is drawn has no cycle and not too many edges.

A group's parts are made when they are asked for, so that a page may open what a picture leaves closed::

    folding = Folding([root])
    for part in folding.parts(folding.whole, room=300):     # a Group, or the place of a node in
        ...                                                 # folding.net.nodes
"""

import heapq
import itertools
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

import numpy as np

from gradloom.draw.network import network
from gradloom.draw.quotient import Quotient
from gradloom.draw.scoping import family, scopes_of
from gradloom.engine import Value

__all__ = ["Folding", "Group", "Part"]

_RANGES = 8  # boxes for what is far from the result
_EDGES = 4  # for each box: more make a layout slow, and nobody can follow them


@dataclass(eq=False)
class Group:
    """Some nodes of a graph, to be drawn as one box or opened.

    Attributes
    ----------
    name : str
        The scope's name, or what the members have in common.
    kind : {"scope", "equal", "cone", "far"}
        A scope; several equal groups or nodes; a node with all that serves it alone; what is far from
        the result.
    nodes : ndarray of shape (n,)
        The places of all its nodes, those in inner groups too.
    times : int
        How many equal parts it has; 1 otherwise.
    level : int
        How many groups it is in.
    """

    name: str
    kind: str
    nodes: np.ndarray
    level: int
    times: int = 1
    scope: int = 0
    members: list["Part"] | None = field(default=None, repr=False)


Part = int | Group


class Folding:
    """The groups of a graph.

    Attributes
    ----------
    net : Network
        The graph.
    whole : Group
        All of it: the outermost group.
    roots : list of int
        The places of the results.
    """

    def __init__(self, roots: Sequence[Value], unfold: Collection[str] = ()):
        self.net = network(roots)
        ends = set(roots)
        places = {node: i for i, node in enumerate(self.net.nodes) if node in ends}
        self.roots = [places[node] for node in roots]
        self.scopes = scopes_of(self.net)
        self._by_scope = np.argsort(self.scopes.home, kind="stable")
        self._sorted = self.scopes.home[self._by_scope]
        self._wanted = self._holding(unfold)
        self.whole = Group("", "scope", np.arange(len(self.net)), 0)

    def _holding(self, names: Collection[str]) -> set[int]:
        """The scopes of these names, and those around them."""
        scopes, wanted = self.scopes, set()
        for name in names:
            found = [s for s in range(1, len(scopes.names)) if name in (scopes.names[s], family(scopes.names[s]))]
            if not found:
                known = ", ".join(map(repr, dict.fromkeys(scopes.names[1:31]))) or "none"
                raise ValueError(f"unfold names {name!r}, which is no scope of this graph; there is {known}")
            for scope in found:
                while scope > 0 and scope not in wanted:
                    wanted.add(scope)
                    scope = scopes.parent[scope]
        return wanted

    # ---- the parts of a group
    def parts(self, group: Group, room: int) -> list[Part]:
        """What is drawn when ``group`` is opened: at most ``room`` boxes, if there is a way."""
        members = self.members(group)
        if self.boxes(members) <= room or group.kind == "equal":
            return members
        quotient = Quotient(self.net, group.nodes, members)
        members = self._equal(quotient, group.level, only_groups=True)
        if self.boxes(members) > room and group.kind == "scope":
            members = self._cones(Quotient(self.net, group.nodes, members), group.level)
        if self.boxes(members) > room:
            members = self._equal(Quotient(self.net, group.nodes, members), group.level)
        if self.boxes(members) > room:
            members = self._by_distance(Quotient(self.net, group.nodes, members), group.level, room)
        return members

    def members(self, group: Group) -> list[Part]:
        """Its own nodes, and the scopes directly in it."""
        if group.members is None:
            scopes, inner = self.scopes, group.scope + 1
            own: list[Part] = self._between(group.scope, group.scope + 1).tolist()
            while inner < scopes.end[group.scope]:
                nodes = self._between(inner, scopes.end[inner])
                if len(nodes):
                    own.append(Group(scopes.names[inner], "scope", nodes, group.level + 1, scope=inner))
                inner = scopes.end[inner]
            group.members = own
        return group.members

    def _between(self, first: int, end: int) -> np.ndarray:
        a, b = np.searchsorted(self._sorted, [first, end])
        return np.sort(self._by_scope[a:b])

    def boxes(self, parts: Sequence[Part]) -> int:
        """How many boxes it takes to draw these; a node brings its constants."""
        single = [x for x in parts if not isinstance(x, Group)]
        return len(parts) + int(self.net.constants[single].sum())

    # ---- ways to have fewer parts
    def _equal(self, q: Quotient, level: int, only_groups: bool = False) -> list[Part]:
        """Parts of the same kind at the same distance from the result become one group."""
        distance = q.distance.tolist()
        together: dict[object, list[int]] = {}
        for i, (part, signature) in enumerate(zip(q.parts, q.signatures().tolist(), strict=True)):
            key: object = i
            if isinstance(part, Group):
                if part.kind in ("scope", "cone") and part.scope not in self._wanted:
                    key = distance[i], family(part.name), signature
            elif not only_groups:
                key = distance[i], "", signature
            together.setdefault(key, []).append(i)
        return [
            self._joined([q.parts[i] for i in same], level) if len(same) > 1 else q.parts[same[0]]
            for same in together.values()
        ]

    def _joined(self, parts: list[Part], level: int) -> Group:
        first = parts[0]
        if isinstance(first, Group):
            nodes = np.sort(np.concatenate([x.nodes for x in parts if isinstance(x, Group)]))
            return Group(family(first.name), "equal", nodes, level + 1, len(parts), members=parts)
        name = self.net.operations[self.net.codes[first]] or "leaf"
        return Group(name, "equal", np.array(parts), level + 1, len(parts), members=parts)

    def _cones(self, q: Quotient, level: int) -> list[Part]:
        """A node that serves a single other one joins it; what the results themselves are made of stays."""
        head = q.heads()
        found: dict[int, list[Part]] = {}
        for i, part in enumerate(q.parts):
            found.setdefault(head[i], []).append(part)
        parts: list[Part] = []
        for i, some in found.items():
            if len(some) == 1 or q.distance[i] == 0:
                parts += some
            else:
                nodes = np.array(some)
                parts.append(Group(self._operations(nodes), "cone", nodes, level + 1, members=some))
        return parts

    def _by_distance(self, q: Quotient, level: int, room: int) -> list[Part]:
        """The nearest parts as they are, and the largest groups; the others by ranges of distance."""
        groups = sorted((i for i, x in enumerate(q.parts) if isinstance(x, Group)), key=q.size, reverse=True)
        kept = set(groups[: room // 8])
        order = [i for i in np.argsort(q.distance, kind="stable").tolist() if i not in kept]
        near, left = 0, room - 2 * len(kept) - _RANGES
        while near < len(order) and left > 0:
            left -= self.boxes([q.parts[order[near]]])
            near += 1
        near -= left < 0
        far = order[near:]
        distance = q.distance[far]
        cuts = {int(q.distance[i]) for i in kept}  # a range on both sides of a group would be a cycle
        cuts |= {int(some[0]) for some in np.array_split(distance, _RANGES) if len(some)}
        edges = np.searchsorted(distance, sorted(cuts))
        parts: list[Part] = [q.parts[i] for i in [*sorted(kept), *order[:near]]]
        for some in np.split(np.array(far), edges):
            if len(some):
                inside = [q.parts[i] for i in some.tolist()]
                nodes = np.concatenate([x.nodes if isinstance(x, Group) else [x] for x in inside])
                nodes = np.sort(nodes.astype(np.int64))
                parts.append(Group(self._operations(nodes), "far", nodes, level + 1, members=inside))
        return parts

    def _operations(self, nodes: np.ndarray) -> str:
        """What was done, most often first: "16 *, 15 +, relu"."""
        counts = np.bincount(self.net.codes[nodes], minlength=len(self.net.operations))
        counts[0] = 0
        most = [i for i in np.argsort(-counts, kind="stable").tolist() if counts[i]]
        words = [f"{counts[i]:,} {self.net.operations[i]}" if counts[i] > 1 else self.net.operations[i] for i in most]
        return ", ".join(words[:4]) + (", ..." if len(words) > 4 else "") or "leaves"

    # ---- which groups are open
    def opened(self, most: int, deep: bool = True) -> dict[Group, list[Part]]:
        """The groups that are open in a picture of at most ``most`` boxes, with their parts, outer ones first."""
        while True:
            found = self._opened(most, deep)
            if most < 16 or self._edges(found) <= _EDGES * most:
                return found
            most //= 2

    def _opened(self, most: int, deep: bool) -> dict[Group, list[Part]]:
        ticket = itertools.count()
        parts = self.parts(self.whole, most)
        opened = {self.whole: parts}
        room = most - self.boxes(parts)
        waiting: list[tuple] = []

        def offer(parts: list[Part]) -> None:
            for x in parts:
                wanted = isinstance(x, Group) and x.scope in self._wanted
                if isinstance(x, Group) and (wanted or deep and x.kind != "far"):
                    heapq.heappush(waiting, (not wanted, x.level, len(x.nodes), next(ticket), x))

        offer(parts)
        while waiting:
            group = heapq.heappop(waiting)[-1]
            parts = self.parts(group, room)
            cost = self.boxes(parts) - (group.kind != "scope")
            poor = any(isinstance(x, Group) and x.kind == "far" for x in parts) and room < _RANGES**2
            if cost <= room and not poor:
                opened[group] = parts
                room -= cost
                offer(parts)
        return opened

    def _edges(self, opened: dict[Group, list[Part]]) -> int:
        shown = [x for parts in opened.values() for x in parts if not (isinstance(x, Group) and x in opened)]
        return Quotient(self.net, np.arange(len(self.net)), shown).edges()

"""Graphs of any size in a picture: what is folded into one box, and what is shown.

Takes: the roots of a graph, and how many boxes there may be.
Gives: ``Folding``: groups of nodes, inside one another, each of which can be drawn as one box or opened.
Promises: no recursion, whatever the depth. A scope is a group. Where there are more things side by side
than fit, equal ones become one group ("neuron x 16"), then whatever serves a single node joins it, then
nodes go by their distance from the result, the nearest staying as they are. Groups are opened from the
outside in, the smallest first, as long as there is room; what is drawn has no cycle and not too many edges.

A group's parts are made when they are asked for, so that a page may open what a picture leaves closed::

    folding = Folding([root])
    parts = folding.parts(folding.whole, room=300)
    parts.nodes     # ndarray: places in folding.net.nodes, to be drawn one by one
    parts.groups    # list of Group: each a box, or opened in turn by folding.parts(group, room)
"""

import heapq
import itertools
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

import numpy as np

from gradloom.draw.network import network
from gradloom.draw.quotient import Parts, Quotient
from gradloom.draw.scoping import family, scopes_of
from gradloom.engine import Value

__all__ = ["FOLDS", "LENGTH", "Folding", "Group", "bearable", "shown"]

FOLDS = ("auto", "all", "none")

_RANGES = 8  # boxes for what is far from the result
_FEW = 8  # equal things are drawn one by one
_LONG = 64  # what more nodes than this serve stays one box
_MANY = 8  # times the room: where there are more kinds of nodes, equal ones are not worth a group
LENGTH = 1500  # the columns that all edges of a picture may cross together
_SHORT, _WIDE = 3.2, 32  # of a network in scopes: columns that an edge crosses, boxes in a column, on average
_LONGER, _LONGEST = 5, 20_000  # the columns that all its edges may cross, for each box and at most


@dataclass(eq=False)
class Group:
    """Some nodes of a graph, to be drawn as one box or opened.

    Attributes
    ----------
    name : str
        The scope's name, or what the members have in common.
    kind : {"scope", "equal", "others", "joined", "far"}
        A scope; several equal groups or nodes; those beside an example of them; a node with what serves it
        alone; what is far from the result.
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
    members: Parts | None = field(default=None, repr=False)


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
            found = [
                s for s in range(1, len(scopes.names)) if name in (scopes.names[s], family(scopes.names[s]))
            ]
            if not found:
                known = ", ".join(map(repr, dict.fromkeys(scopes.names[1:31]))) or "none"
                raise ValueError(f"unfold names {name!r}, which is no scope of this graph; there is {known}")
            for scope in found:
                while scope > 0 and scope not in wanted:
                    wanted.add(scope)
                    scope = scopes.parent[scope]
        return wanted

    # ---- the parts of a group
    def parts(self, group: Group, room: int) -> Parts:
        """What is drawn when ``group`` is opened: at most ``room`` boxes, if there is a way."""
        parts = self.members(group)
        if group.kind == "equal" and parts.groups and self.boxes(parts) > min(room, _FEW):
            return self._example(group)
        for fewer in _WAYS[group.kind]:
            if self.boxes(parts) <= room:
                break
            found = fewer(self, Quotient(self.net, parts), group.level + 1, room)
            if len(found) > 1 or not found.groups or found.groups[0].kind == "far":  # not all in one again
                parts = found
        return parts

    def _example(self, group: Group) -> Parts:
        """One of many equal scopes, and the others."""
        first, *others = self.members(group).groups
        nothing = np.empty(0, dtype=np.int64)
        rest = Parts(nothing, others)
        name, level = group.name, group.level + 1
        return Parts(
            nothing, [first, Group(name, "others", rest.all_nodes(), level, len(others), members=rest)]
        )

    def members(self, group: Group) -> Parts:
        """Its own nodes, and the scopes directly in it."""
        if group.members is None:
            scopes, inner = self.scopes, group.scope + 1
            parts = Parts(self._between(group.scope, group.scope + 1))
            while inner < scopes.end[group.scope]:
                nodes = self._between(inner, scopes.end[inner])
                if len(nodes):
                    parts.groups.append(
                        Group(scopes.names[inner], "scope", nodes, group.level + 1, scope=inner)
                    )
                inner = scopes.end[inner]
            group.members = parts
        return group.members

    def _between(self, first: int, end: int) -> np.ndarray:
        a, b = np.searchsorted(self._sorted, [first, end])
        return np.sort(self._by_scope[a:b])

    def boxes(self, parts: Parts) -> int:
        """How many boxes it takes to draw these; a node brings its constants."""
        return len(parts) + int(self.net.constants[parts.nodes].sum())

    # ---- ways to have fewer parts
    def _equal_scopes(self, q: Quotient, level: int, room: int) -> Parts:
        """Equal scopes at the same height become one group."""
        return self._equal(q, level, room, nodes_too=False)

    def _equal(self, q: Quotient, level: int, room: int, nodes_too: bool = True) -> Parts:
        """So do equal nodes, unless hardly any are."""
        alike, n = q.alike(), len(q.parts.nodes)
        kept, together = Parts(q.parts.nodes), dict[object, list[Group]]()
        if nodes_too:
            _, first, at, times = np.unique(
                alike[:n], return_index=True, return_inverse=True, return_counts=True
            )
            if len(first) <= _MANY * room:
                kept = Parts(q.parts.nodes[np.sort(first[times == 1])])
                order = np.argsort(at, kind="stable")
                for some in np.split(q.parts.nodes[order], np.cumsum(times)[:-1]):
                    if len(some) > 1:
                        name = self.net.operations[self.net.codes[some[0]]] or "leaf"
                        kept.groups.append(Group(name, "equal", some, level, len(some), members=Parts(some)))
        for group, kind in zip(q.parts.groups, alike[n:].tolist(), strict=True):
            single = group.kind not in ("scope", "joined") or group.scope in self._wanted
            together.setdefault(id(group) if single else (kind, family(group.name)), []).append(group)
        for same in together.values():
            kept.groups.append(same[0] if len(same) == 1 else self._joined(same, level))
        return kept

    def _joined(self, same: list[Group], level: int) -> Group:
        parts = Parts(np.empty(0, dtype=np.int64), same)
        return Group(family(same[0].name), "equal", parts.all_nodes(), level, len(same), members=parts)

    def _cones(self, q: Quotient, level: int, room: int) -> Parts:
        """A node that serves a single other one joins it; what serves the results themselves stays."""
        head = q.heads(same_operation=False)
        return self._by_head(q, np.where(q.distance[head] > 0, head, np.arange(len(head))), level, room)

    def _chains(self, q: Quotient, level: int, room: int) -> Parts:
        """The additions of a sum, and other such chains, become one."""
        return self._by_head(q, q.heads(same_operation=True), level, room)

    def _by_head(self, q: Quotient, head: np.ndarray, level: int, room: int) -> Parts:
        n = len(q.parts.nodes)
        order = np.argsort(head[:n], kind="stable")
        sizes = np.bincount(head[:n], minlength=n)
        kept = Parts(q.parts.nodes[(sizes == 1)[head[:n]]], list(q.parts.groups))
        inside = order[(sizes > 1)[head[:n][order]]]
        for some in np.split(q.parts.nodes[inside], np.cumsum(sizes[sizes > 1])[:-1]):
            if len(some):
                kept.groups.append(Group(self._operations(some), "joined", some, level, members=Parts(some)))
        return kept

    def _by_distance(self, q: Quotient, level: int, room: int) -> Parts:
        """The nearest parts as they are, and the largest groups; the others by ranges of distance."""
        n, groups = len(q.parts.nodes), q.parts.groups
        sizes = np.array([len(group.nodes) for group in groups], dtype=np.int64)
        large, ranges = (
            n + np.sort(np.argsort(-sizes, kind="stable")[: room // 8]),
            min(_RANGES, max(1, room // 8)),
        )
        order = np.argsort(q.distance, kind="stable")
        order = order[~np.isin(order, large)]
        cost = np.ones(len(q.parts), dtype=np.int64)
        cost[:n] += self.net.constants[q.parts.nodes]
        near = int(np.searchsorted(np.cumsum(cost[order]), room - 2 * len(large) - ranges, side="right"))
        kept, far = q.parts.take(np.concatenate([large, order[:near]])), order[near:]
        distance = q.distance[far]
        cuts = set(q.distance[large].tolist())  # a range on both sides of a group would be a cycle
        cuts |= {int(some[0]) for some in np.array_split(distance, ranges) if len(some)}
        for some in np.split(far, np.searchsorted(distance, sorted(cuts))):
            if len(some):
                inside = q.parts.take(some)
                nodes = inside.all_nodes()
                kept.groups.append(Group(self._operations(nodes), "far", nodes, level, members=inside))
        return kept

    def _operations(self, nodes: np.ndarray) -> str:
        """What was done, most often first: "16 *, 15 +, relu"."""
        counts = np.bincount(self.net.codes[nodes], minlength=len(self.net.operations))
        counts[0] = 0
        most = np.argsort(-counts, kind="stable")[: np.count_nonzero(counts)].tolist()
        words = [
            f"{counts[i]:,} {self.net.operations[i]}" if counts[i] > 1 else self.net.operations[i]
            for i in most
        ]
        return ", ".join([*words[:4], "..."] if len(words) > 4 else words) or "leaves"

    # ---- which groups are open
    def opened(self, most: int, deep: bool = True) -> dict[Group, Parts]:
        """The groups that are open in a picture of ``most`` boxes, and their parts; outer ones first."""
        room = most
        while True:
            found = self._opened(room, deep)
            if room < 16 or self.fits(shown(found), most):
                return found
            room //= 2

    def _worth(self, group: Group) -> bool:
        """Whether opening it shows more than its name does."""
        if group.kind == "equal":
            return group.times <= _FEW or bool(self.members(group).groups)
        if group.kind == "joined":
            several = len(np.unique(self.net.codes[group.nodes])) > 1
            plain = (
                int(np.diff(self.net.start)[group.nodes].max()) == 1
                and np.isin(self.roots, group.nodes).any()
            )
            return bool(plain) or (several and len(group.nodes) <= _LONG)
        return group.kind == "scope"

    def fits(self, parts: Parts, most: int) -> bool:
        """Whether these are at most so many boxes, and edges that a layout engine can bear."""
        if self.boxes(parts) > most:
            return False
        q = Quotient(self.net, parts)
        return bearable(q.distance, q.src, q.dst, most if len(self.scopes.names) > 1 else 0)

    def _opened(self, most: int, deep: bool) -> dict[Group, Parts]:
        """Outer groups before inner ones, smaller before larger; of equal ones all, or one as an example."""
        ticket = itertools.count()
        parts = self.parts(self.whole, most)
        opened = {self.whole: parts}
        room = most - self.boxes(parts)
        waiting: list[tuple] = []

        def offer(parts: Parts) -> None:
            alike: dict[tuple, list[Group]] = {}
            for x in parts.groups:
                wanted = x.scope in self._wanted
                if wanted or (deep and self._worth(x)):
                    alike.setdefault((not wanted, x.level, len(x.nodes), family(x.name)), []).append(x)
            for (*first, _), groups in alike.items():
                heapq.heappush(waiting, (*first, next(ticket), groups))

        offer(parts)
        while waiting:
            groups = heapq.heappop(waiting)[-1]
            for some in (groups, groups[:1]):
                inside = [self.parts(group, room // len(some)) for group in some]
                cost = sum(map(self.boxes, inside)) - sum(group.kind != "scope" for group in some)
                if cost <= room and (room >= _RANGES**2 or not any(map(_ranges_in, inside))):
                    room -= cost
                    for group, parts in zip(some, inside, strict=True):
                        opened[group] = parts
                        offer(parts)
                    break
        return opened


_WAYS = {
    "scope": (Folding._equal_scopes, Folding._cones, Folding._chains, Folding._equal, Folding._by_distance),
    "equal": (),
    "others": (),
    "joined": (Folding._chains, Folding._equal, Folding._by_distance),
    "far": (Folding._equal, Folding._by_distance),
}
"""For each kind of group, what is tried in turn to have fewer parts."""


def bearable(distance: np.ndarray, src: np.ndarray, dst: np.ndarray, in_scopes: int = 0) -> bool:
    """Whether a layout engine can bear these edges, so many boxes of which are in scopes.

    What it takes grows with the columns that all edges cross together, faster than their square: for 1,500
    it is a second, for 2,500 up to ten, for 5,000 up to a minute, however few boxes these are. In scopes, if
    edges are short and the picture is high rather than wide, it is milder: for 20,000, a network of 4,000
    boxes drawn as it is, five seconds, and twelve beside busy neighbours.
    """
    length = int((distance[src] - distance[dst]).sum())
    mild = length <= _SHORT * len(src) and _WIDE * distance.max(initial=0) <= len(distance)
    return length <= max(LENGTH, min(_LONGER * in_scopes, _LONGEST) if mild else 0)


def shown(opened: dict[Group, Parts]) -> Parts:
    """All that is drawn when these groups are open."""
    nodes = np.concatenate([parts.nodes for parts in opened.values()])
    return Parts(nodes, [x for parts in opened.values() for x in parts.groups if x not in opened])


def _ranges_in(parts: Parts) -> bool:
    return any(group.kind == "far" for group in parts.groups)

"""What a picture calls the parameters of a model: by the attributes that lead to them.

Takes: leaves without a label, and for each the parts of models around it.
Gives: ``parameter_names``: ``w[0]`` inside its neuron, ``layers[0].neurons[2].w[0]`` where only the model is
around. The Values themselves keep their empty labels.
Promises: each part is searched once.
"""

import re
from collections.abc import Iterable, Mapping

from gradloom.engine import Value
from gradloom.module import Module

__all__ = ["parameter_names"]


def parameter_names(leaves: Mapping[Value, Iterable[object]]) -> dict[Value, str]:
    """The names of those ``leaves`` that are parameters of a part around them, given the innermost first."""
    known: dict[int, dict[Value, str]] = {}
    names: dict[Value, str] = {}
    for leaf, parts in leaves.items():
        for part in parts:
            if id(part) not in known:
                known[id(part)] = _paths(part)
            if leaf in known[id(part)]:
                names[leaf] = known[id(part)][leaf]
                break
    return names


def _paths(part: object) -> dict[Value, str]:
    try:
        found = part.named_parameters() if isinstance(part, Module) else []
    except Exception:  # a class's own parameters() may need what is not there yet
        return {}
    # A class that lists its parameters itself gives them numbers, which say nothing.
    return {p: re.sub(r"\.(\d+)(?=\.|$)", r"[\1]", name) for name, p in found if not name[:1].isdigit()}

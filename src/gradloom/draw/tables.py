"""What a model shows in a notebook: a small table, complete without a script.

Takes: a Module; or a title, the headings and the rows.
Gives: ``table``, HTML; ``bundle``, what a notebook asks an object for; ``Module._repr_mimebundle_``.
Promises: no id, no style sheet, no script, so any number of tables share a page, and a viewer that strips
these shows the same. Text is shown, never run.
"""

import html
import re
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any

from gradloom.module import Module, layers

__all__ = ["bundle", "table"]

_WIDTH = 80  # characters of a description


def table(title: str, head: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """The table as HTML; ints and floats stand on the right."""
    rows = list(rows)
    lines = "".join(f"<tr>{''.join(map(_cell, row))}</tr>\n" for row in rows)
    sides = map(_side, rows[0]) if rows else ["left"] * len(head)  # a heading stands over its column
    heads = "".join(
        f'<th scope="col" style="text-align: {side}">{html.escape(name)}</th>'
        for name, side in zip(head, sides, strict=True)
    )
    caption = f'<caption style="text-align: left">{html.escape(title)}</caption>'
    return f"<table>\n{caption}\n<thead><tr>{heads}</tr></thead>\n<tbody>\n{lines}</tbody>\n</table>"


def _cell(x: Any) -> str:
    text = f"{x:,}" if isinstance(x, (int, float)) else html.escape(str(x))
    return f'<td style="text-align: {_side(x)}">{text}</td>'


def _side(x: Any) -> str:
    return "right" if isinstance(x, (int, float)) else "left"


def bundle(
    makers: dict[str, Callable[[], str]],
    include: Collection[str] | None = None,
    exclude: Collection[str] | None = None,
) -> dict[str, str]:
    """From kind to content, as a notebook asks for them in ``_repr_mimebundle_(include, exclude)``."""
    wanted = set(makers if include is None else include).difference(exclude or ())
    return {kind: make() for kind, make in makers.items() if kind in wanted}


# ---- models
def _of_model(model: Module) -> str:
    places = layers([name for name, _ in model.named_parameters()])
    rows = [(name, _described(model, name), len(of)) for name, of in places.items()]
    total = sum(len(of) for of in places.values())
    title = f"{type(model).__name__}: {total:,} parameter{'s' * (total != 1)}"
    return table(title, ("layer", "what it is", "parameters"), rows)


def _described(model: Any, name: str) -> str:
    """The part of a model in a few words: ``Layer of 16 x ReLUNeuron(2)``."""
    part = model
    try:
        for key in name.split("."):
            part = getattr(part, key) if not isinstance(part, (list, tuple, dict)) else _item(part, key)
    except (AttributeError, LookupError, ValueError):  # the model names its parameters in its own way
        return ""
    if not isinstance(part, Module):
        return type(part).__name__
    alike = re.sub(r"(\w+\([^()]*\))(?:, \1)+", lambda run: f"{run[0].count('(')} x {run[1]}", repr(part))
    return alike if len(alike) <= _WIDTH else f"{alike[: _WIDTH - 3]}..."


def _item(part: Any, key: str) -> Any:
    return part[int(key)] if isinstance(part, (list, tuple)) else part[key]


def _repr_mimebundle_(model: Module, include=None, exclude=None, **_) -> dict[str, str]:
    """A table of the layers, for a notebook."""
    makers = {"text/html": lambda: _of_model(model), "text/plain": lambda: repr(model)}
    return bundle(makers, include, exclude)


Module._repr_mimebundle_ = _repr_mimebundle_  # type: ignore[attr-defined]  # as Value.draw: from below

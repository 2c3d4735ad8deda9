"""Pages: one HTML file that needs nothing but itself.

Takes: the name of a page, what is in it, and its scripts.
Gives: ``document``, the text of the file; ``Page``, a file that shows itself in a notebook.
Promises: nothing comes from the network, and the page cannot ask it. What is put in as text or as JSON
is shown, never run. Light and dark are the colours of the pictures.

All pages share ``page/shell.html``, ``page/shell.css`` and ``page/player.js``: the head, the colours, and
a timeline with a slider, buttons and keys. ``page/NAME.html``, ``page/NAME.css`` and the scripts named are
the page's own.
"""

import html
import json
import os
import re
from collections.abc import Iterable
from dataclasses import fields
from pathlib import Path

from gradloom.draw.theme import THEMES, Paint, Theme

__all__ = ["PAGE", "Page", "as_json", "document", "page_path"]

PAGE = Path(__file__).with_name("page")


class Page:
    """An HTML file that was written. In a notebook it shows itself."""

    def __init__(self, path: Path, page: str, name: str):
        self.path, self.html, self._name = path, page, name

    def _repr_html_(self) -> str:
        name = html.escape(self._name)
        return (
            f'<iframe srcdoc="{html.escape(self.html)}" title="{name}" '
            'sandbox="allow-scripts" style="width: 100%; height: 680px; border: 0" loading="lazy">'
            # Read only where frames are taken out: by a code host, and in a notebook that is not trusted.
            f"A page that plays: {name}. Run this cell, or trust the notebook, to see it.</iframe>"
        )

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {self._name}, in {self.path}>"


def page_path(path: str | os.PathLike[str], what: str) -> Path:
    """``path``, if it is the name of an HTML file."""
    path = Path(path)
    if path.suffix.lower() not in (".html", ".htm"):
        raise ValueError(f"{what} cannot be saved as {path.name!r}; end the name in .html")
    return path


def document(title: str, name: str, scripts: Iterable[str], data: str, **parts: str) -> str:
    """The page ``name``: its scripts run after ``data``, and ``parts`` fill the places of its templates."""
    parts |= {
        "title": html.escape(title),
        "style": _colours() + _read("shell.css") + _read(f"{name}.css"),
        "data": data,
        "script": "".join(_read(f"{script}.js") for script in scripts),
    }

    def filled(template: str) -> str:
        return re.sub(r"\{\{(\w+)\}\}", lambda mark: parts[mark[1]], template)

    parts["body"] = filled(_read(f"{name}.html"))
    return filled(_read("shell.html"))


def as_json(x: object) -> str:
    """For a script in a page: no text in it can end the script."""
    return json.dumps(x).replace("<", "\\u003c")


def _read(file: str) -> str:
    return (PAGE / file).read_text(encoding="utf-8")


# ---- colours
def _colours() -> str:
    """The colours of the page: those of the pictures, light and dark, and which SVG colour is which."""
    light, dark = _palette(THEMES["light"]), _palette(THEMES["dark"])
    rules = [f":root {{ {_variables(light)} }}"]
    rules.append(f"@media (prefers-color-scheme: dark) {{ :root {{ {_variables(dark)} }} }}")
    for name, colour in reversed(light.items()):
        rules += [f'.graph [{what}="{colour}"] {{ {what}: var(--{name}) }}' for what in ("fill", "stroke")]
    return "\n".join(rules) + "\n"


def _palette(theme: Theme) -> dict[str, str]:
    palette: dict[str, str] = {}
    for field in fields(theme):
        x = getattr(theme, field.name)
        parts = (
            {f"-{part}": getattr(x, part) for part in ("fill", "line", "rule")}
            if isinstance(x, Paint)
            else {"": x}
        )
        palette |= {field.name + part: colour for part, colour in parts.items()}
    return palette


def _variables(palette: dict[str, str]) -> str:
    return " ".join(f"--{name}: {colour};" for name, colour in palette.items())

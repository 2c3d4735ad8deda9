"""The lesson as a stream of pieces: read from its one source, then played.

Takes: ``lesson.md`` beside this file: Markdown with Python blocks and no results.
Gives: ``read_lesson``, its pieces; ``play``, the same pieces with what the code printed and drew.
Promises: every result comes from running the very block that stands above it. The terminal and
``docs/lesson.md`` are two views of this one stream.

In the source, the word behind ``python`` on a block's first line is a package that the block needs
(without it the block is shown, not run), or ``live``: its results are those of one machine at one
moment. ``ask`` behind that: the quiz asks for the numbers that the block prints, or, where it prints
nothing, that it draws; ``ask=grad``: for those behind the word ``grad``. A block that ends in a picture,
as in a notebook, is followed by the picture's line.
"""

import ast
import contextlib
import importlib.util
import io
import re
from importlib.resources import files
from typing import Any, NamedTuple


class Heading(NamedTuple):
    """The title, or the name of a step."""

    text: str

    @property
    def opens_step(self):
        return self.text.startswith("## ")

    def markdown(self):
        return self.text


class Prose(NamedTuple):
    """Paragraphs, in Markdown."""

    text: str

    def markdown(self):
        return self.text


class Code(NamedTuple):
    """A block of Python, the word behind ``python`` (a package, ``live`` or nothing), and what is asked."""

    source: str
    word: str = ""
    ask: str = ""  # "all", or the word before each number

    def missing(self):
        """The package that this block needs and that is not installed, or ''."""
        needs = self.word if self.word != "live" else ""
        return needs if needs and importlib.util.find_spec(needs) is None else ""

    def markdown(self):
        return f"```{' '.join(['python', self.word]).strip()}\n{self.source}```"


class Output(NamedTuple):
    """What a block printed; ``live``: on this machine, at this moment."""

    text: str
    live: bool = False
    ask: str = ""

    def markdown(self):
        return f"```text\n{self.text}```"


class Picture(NamedTuple):
    """What a block drew (a Drawing or a matplotlib figure; None before it has run)."""

    caption: str
    path: str
    shown: Any = None
    ask: str = ""

    def markdown(self):
        return f"![{self.caption}]({self.path})"


_MARKED = re.compile(
    r"^```python(?: (?P<word>(?!ask\b)\w+))?(?P<ask> ask)?(?:=(?P<behind>\w+))?\n(?P<source>.*?)^```$"
    r"|^!\[(?P<caption>[^\]]*)\]\((?P<path>[^)]*)\)$"
    r"|^(?P<heading>##? .*?)$",
    re.MULTILINE | re.DOTALL,
)


def read_lesson():
    """The pieces of the lesson, in order: headings, prose, code, and places for pictures."""
    text = files("gradloom.cli").joinpath("lesson.md").read_text(encoding="utf-8")
    pieces, end = [], 0
    for found in _MARKED.finditer(text):
        pieces += _prose(text[end : found.start()])
        end = found.end()
        if found["heading"]:
            pieces.append(Heading(found["heading"]))
        elif found["path"]:
            pieces.append(Picture(found["caption"], found["path"]))
        else:
            ask = (found["behind"] or "all") if found["ask"] else ""
            pieces.append(Code(found["source"], found["word"] or "", ask))
    return pieces + _prose(text[end:])


def _prose(text):
    return [Prose(text.strip())] if text.strip() else []


def play(pieces):
    """Yield each piece; after a block of code, what it printed and drew.

    A block runs when the piece after it is asked for, so that a reader sees the code first.
    """
    names, shown, ask = {"__name__": "lesson"}, None, ""
    for piece in pieces:
        if isinstance(piece, Picture):
            if shown is not None:
                yield piece._replace(shown=shown, ask=ask)
            continue
        yield piece
        if not isinstance(piece, Code):
            continue
        if missing := piece.missing():
            shown = None
            yield Prose(f"(Not run here: {missing} is not installed. `pip install {missing}` brings it.)")
            continue
        output, shown = _perform(piece.source, names)
        ask = "" if output else piece.ask
        if output:
            yield Output(output, piece.word == "live", piece.ask)


def _perform(source, names):
    """Run a block as a notebook does: what it printed, and the value of its last line."""
    tree = ast.parse(source)
    last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
    printed, shown = io.StringIO(), None
    with contextlib.redirect_stdout(printed):
        exec(compile(tree, "<lesson>", "exec"), names)
        if last is not None:
            shown = eval(compile(ast.Expression(last.value), "<lesson>", "eval"), names)
    return printed.getvalue(), shown

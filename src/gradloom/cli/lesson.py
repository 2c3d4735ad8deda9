"""``gradloom lesson``: the lesson in the terminal, step by step.

Takes: the stream of ``steps.py``, and a terminal, or whatever standard output is.
Gives: ``run``, and ``Folder``, which keeps a lesson as ``lesson.md`` and its pictures.
Promises: with rich, and on a terminal that knows more than ASCII, colours; elsewhere plain text in
characters that the console has. The end of the input, ``q`` or Ctrl-C end it politely. A folder is
tried before the first step, and gets its files at the end: all that was walked, or nothing.
"""

import contextlib
import os
import shutil
import tempfile
import textwrap
from pathlib import Path

from gradloom.cli.console import colours, make_folder, say
from gradloom.cli.quiz import Leave, Quiz
from gradloom.cli.steps import Code, Heading, Output, Picture, Prose, play, read_lesson

__all__ = ["Folder", "run"]


def run(all_steps: bool = False, save: str | None = None, quiz: bool = False) -> int:
    """Walk the lesson; return the exit code.

    Parameters
    ----------
    all_steps : bool
        Do not stop between the steps.
    save : str, optional
        A folder for ``lesson.md`` (the text, the code and the numbers) and the pictures, as SVG and
        PNG. It is made if it does not exist.
    quiz : bool
        Ask for each number before it is shown, and end with a score.

    Returns
    -------
    int
        0, or 130 after Ctrl-C, which saves nothing.

    Raises
    ------
    OSError
        ``save`` is a file, or a folder that cannot be written to.
    """
    questions = Quiz() if quiz else None
    try:
        with contextlib.ExitStack() as stack:
            folder = stack.enter_context(Folder(save)) if save is not None else None
            screen = _screen("" if save else "; --save DIR keeps it")
            try:
                _walk(read_lesson(), screen, folder, all_steps, questions)
            except Leave:
                say("Stopped. `gradloom lesson --quiz` starts again.")
            if folder is not None:
                folder.finish()
                say(f"Saved: {folder.path / 'lesson.md'}, and the pictures beside it.")
    except KeyboardInterrupt:
        say("\nStopped. `gradloom lesson` starts again.")
        return 130
    finally:
        if questions is not None:
            say(questions.summary())
    return 0


def _walk(pieces, show, folder, all_steps, questions):
    steps = sum(isinstance(piece, Heading) and piece.opens_step for piece in pieces)
    begun, heading = 0, ""
    for piece in play(pieces):
        if isinstance(piece, Heading) and piece.opens_step:
            if begun and not all_steps and not _wants_more(begun, steps):
                return
            begun, heading = begun + 1, piece.text.lstrip("# ")
        if questions is not None and isinstance(piece, (Output, Picture)) and piece.ask:
            questions.ask(piece.text if isinstance(piece, Output) else str(piece.shown), piece.ask, heading)
        show[type(piece)](piece)
        if folder is not None:
            folder.add(piece)


def _wants_more(step, steps):
    try:
        return input(f"[{step} of {steps}] Enter for the next step, q to stop: ").strip().lower() != "q"
    except EOFError:
        say(f"\nStopped after step {step} of {steps}. `gradloom lesson --all` does not wait.")
        return False


# ---- two ways to show a piece
def _screen(hint):
    """From the type of a piece to the function that shows it: rich where that looks well.

    ``hint`` is said of a picture that a terminal cannot show.
    """
    plain = {
        Heading: lambda piece: say(f"{piece.text}\n"),
        Prose: lambda piece: say(f"{_wrapped(piece.text)}\n"),
        Code: lambda piece: say(textwrap.indent(piece.source, "    ")),
        Output: lambda piece: say(textwrap.indent(piece.text, "  | ", lambda line: True)),
        Picture: lambda piece: say(f"{textwrap.indent(_picture(piece, hint), '  | ', lambda line: True)}\n"),
    }
    if not colours():
        return plain

    from rich.console import Console
    from rich.markdown import Markdown
    from rich.padding import Padding
    from rich.syntax import Syntax
    from rich.text import Text
    from rich.theme import Theme

    # Inline code without rich's black box, which looks wrong on a light background.
    console = Console(highlight=False, width=_width(), theme=Theme({"markdown.code": "bold"}))

    def put(content, indent=0):
        console.print(Padding(content, (0, 0, 1, indent)))

    return {
        Heading: lambda piece: put(Text(piece.text.lstrip("# "), style="bold underline")),
        Prose: lambda piece: put(Markdown(piece.text, hyperlinks=False)),
        Code: lambda piece: put(Syntax(piece.source.rstrip(), "python", theme="ansi_dark"), 4),
        Output: lambda piece: put(Text(piece.text.rstrip(), style="green"), 4),
        Picture: lambda piece: put(
            Text(_picture(piece, hint), style="cyan", no_wrap=True, overflow="crop"), 4
        ),
    }


def _picture(piece, hint):
    """A picture in words: a graph is a tree of text; a curve has only its caption here."""
    if hasattr(piece.shown, "savefig"):
        return f"[picture: {piece.caption}{hint}]"
    return f"{str(piece.shown).rstrip()}\n[{piece.caption}]"


def _wrapped(text):
    paragraphs = text.split("\n\n")
    options = {"width": _width(), "break_long_words": False, "break_on_hyphens": False}
    return "\n\n".join(textwrap.fill(paragraph, **options) for paragraph in paragraphs)


def _width():
    return min(shutil.get_terminal_size().columns, 96)


# ---- a lesson that stays
class Folder:
    """The lesson as files: ``lesson.md``, and its pictures in ``lesson/``.

    Parameters
    ----------
    path : str or Path
        Made if it does not exist.
    formats : tuple of str
        The suffixes to write each picture with.
    live : bool
        Whether to keep results that are those of this machine and moment.

    Raises
    ------
    OSError
        The path is a file, or may not be written.
    """

    def __init__(self, path, formats=(".svg", ".png"), live=True):
        self.path = Path(path)
        self.formats, self.live = formats, live
        self._made = not self.path.exists()
        self._page = []

    def __enter__(self):
        make_folder(self.path, "give a folder for the lesson: --save DIR")
        # What is being written stays in here until all of it is; replacing is safe on one file system.
        self._staging = tempfile.TemporaryDirectory(prefix=".lesson-", dir=self.path)
        return self

    def __exit__(self, *error):
        self._staging.cleanup()
        if self._made:
            with contextlib.suppress(OSError):  # not empty: the lesson is in it
                self.path.rmdir()

    def add(self, piece):
        """Keep a piece; a picture is drawn now, before later code changes its numbers."""
        if isinstance(piece, Output) and piece.live and not self.live:
            piece = Prose("(What this prints is your machine's own: `gradloom lesson` shows it.)")
        self._page.append(piece.markdown())
        if isinstance(piece, Picture):
            target = Path(self._staging.name, piece.path)
            target.parent.mkdir(exist_ok=True)
            for suffix in self.formats:
                _save(piece.shown, target.with_suffix(suffix))

    def finish(self):
        """Move everything to its place."""
        staging = Path(self._staging.name)
        (staging / "lesson.md").write_text("\n\n".join(self._page) + "\n", encoding="utf-8")
        for source in sorted(staging.rglob("*.*")):
            target = self.path / source.relative_to(staging)
            target.parent.mkdir(exist_ok=True)
            os.replace(source, target)


def _save(shown, path):
    if not hasattr(shown, "savefig"):
        shown.save(path)
        return
    import matplotlib

    # The same bytes each time: no date, and identifiers that do not depend on chance.
    dated = {"Date": None} if path.suffix == ".svg" else {}
    with matplotlib.rc_context({"svg.hashsalt": "gradloom"}):
        shown.savefig(path, metadata=dated, dpi=120)

"""What the commands share: optional packages, the console, a progress bar.

Takes: the extra ``demo`` (rich, matplotlib, scikit-learn).
Gives: ``EXTRAS`` and ``check_extras``; ``console``, ``colours``, ``say`` and ``styled``; ``progress``;
``make_folder``.
Promises: on a terminal a bar that moves; elsewhere a line now and then. Nothing but ASCII is written
where the console knows nothing else.
"""

import importlib.util
import sys
from pathlib import Path

from gradloom.errors import MissingExtraError

__all__ = ["EXTRAS", "check_extras", "colours", "console", "make_folder", "progress", "say", "styled"]

EXTRAS = {"rich": "rich", "matplotlib": "matplotlib", "scikit-learn": "sklearn"}
"""The packages of the extra ``demo``: the name to install, and the name to import."""


def check_extras(purpose):
    """Raise MissingExtraError, which names the command to type, unless all of ``EXTRAS`` are there."""
    for package, module in EXTRAS.items():
        if importlib.util.find_spec(module) is None:
            raise MissingExtraError(package, "demo", purpose)


def make_folder(path, cure):
    """The folder at ``path``, made if need be; where that cannot be, an error that ends in ``cure``."""
    folder = Path(path)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError):
        raise NotADirectoryError(f"{path} is a file, or inside one; {cure}") from None
    except OSError as error:
        raise type(error)(f"{path} cannot be made ({error.strerror}); {cure}") from None
    return folder


def console():
    """The standard output, as rich writes to it."""
    from rich.console import Console

    return Console(highlight=False, emoji=False)


# ---- a console has the characters and the colours it has
_ASCII = str.maketrans({"─": "-", "│": "|", "├": "|", "└": "`", "╰": "`", "→": ">", "←": "<", "…": "~"})


def _knows(characters):
    try:
        characters.encode(sys.stdout.encoding or "ascii")
    except UnicodeEncodeError:
        return False
    return True


def colours():
    """Whether rich is there, and the output is a terminal that knows more than ASCII."""
    return sys.stdout.isatty() and importlib.util.find_spec("rich") is not None and _knows("─•")


def say(text):
    """Print a text, in characters that the console has."""
    if not _knows(text):
        encoding = sys.stdout.encoding or "ascii"
        text = text.translate(_ASCII).encode(encoding, "replace").decode(encoding)
    print(text, flush=True)


def styled(styles):
    """A function of (style, text) that prints a line: in colours where that looks well.

    ``styles`` maps the names in use to those of rich.
    """
    if not colours():
        return lambda style, text: say(text)

    from rich.text import Text

    screen = console()
    return lambda style, text: screen.print(Text(text, style=styles[style]), soft_wrap=True)


def progress(screen, title, steps, total):
    """Pass on the (loss, accuracy) pairs of ``steps``, showing each.

    Examples
    --------
    >>> list(progress(console(), "training", [(0.5, 0.75), (0.25, 1.0)], 2))
    training 1/2  loss 0.5000  accuracy  75 %
    training 2/2  loss 0.2500  accuracy 100 %
    [(0.5, 0.75), (0.25, 1.0)]
    """
    return (_bar if screen.is_terminal else _lines)(screen, title, steps, total)


def _bar(screen, title, steps, total):
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    numbers = TextColumn("{task.fields[numbers]}")
    columns = TextColumn("{task.description}"), BarColumn(bar_width=28), MofNCompleteColumn(), numbers
    with Progress(*columns, console=screen) as bar:
        task = bar.add_task(title, total=total, numbers="")
        for step in steps:
            bar.update(task, advance=1, numbers=_numbers(*step))
            yield step


def _lines(screen, title, steps, total):
    every = max(total // 10, 1)
    for i, step in enumerate(steps, 1):
        if i % every == 0 or i == total:
            screen.print(f"{title} {i}/{total}  {_numbers(*step)}", soft_wrap=True)
        yield step


def _numbers(loss, accuracy):
    return f"loss {loss:.4f}  accuracy {100 * accuracy:3.0f} %"

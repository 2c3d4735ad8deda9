"""``gradloom demo``: from one neuron to a network that judges real data, in seconds.

Takes: a folder for the pictures.
Gives: ``run``, which draws a neuron, trains two networks, and prints a table of what was made. Beside the
pictures it leaves two pages that play: the explorer of the neuron, the film of a training.
Promises: the numbers are the same at each run; the folder is made if need be; a picture is written
whole or not at all; nothing opens a window or asks the network.
"""

import time

from gradloom.cli.console import check_extras, console, make_folder
from gradloom.draw import draw, explore
from gradloom.engine import ENGINE, Value
from gradloom.scopes import source_lines

__all__ = ["neuron", "run"]


@source_lines()
def neuron():
    """The lesson's neuron, tanh(x1 w1 + x2 w2 + b), before ``backward()``. Each Value knows its line."""
    x1, x2 = Value(2.0, label="x1"), Value(0.0, label="x2")
    w1, w2 = Value(-3.0, label="w1"), Value(1.0, label="w2")
    b = Value(6.8813735870195432, label="b")
    n = x1 * w1 + x2 * w2 + b
    n.label = "n"
    o = n.tanh()
    o.label = "o"
    return o


def _draw_neuron(screen, folder):
    o = neuron()
    o.backward()
    draw(o, title="A neuron after backward()").save(folder / "neuron.png", scale=2)
    explore(o, folder / "neuron.html", title="A neuron, forward and backward")
    return "neuron.png\nneuron.html", f"output {o.data:.4f}, and every gradient"


def run(out="gradloom-demo", steps=100, epochs=10):
    """Make everything into the folder ``out``; the exit status.

    Parameters
    ----------
    out : str or path-like
        The folder for the pictures.
    steps, epochs : int
        How long the two networks train.

    Raises
    ------
    MissingExtraError
        rich, matplotlib or scikit-learn is missing; the message has the command to type.
    NotADirectoryError
        ``out`` is a file.
    """
    check_extras("gradloom demo")
    from gradloom.cli import cancer, moons

    folder, screen = make_folder(out, "give a folder for the pictures: gradloom demo --out DIR"), console()
    if ENGINE == "plain":
        screen.print("The plain engine is in use: the same numbers, in minutes instead of seconds.")
    parts = {
        "a neuron": lambda: _draw_neuron(screen, folder),
        "two moons": lambda: moons.run(screen, folder, steps),
        "breast cancer": lambda: cancer.run(screen, folder, epochs),
    }
    rows = []
    for name, make in parts.items():
        start = time.perf_counter()
        file, result = make()
        rows.append((name, result, file, time.perf_counter() - start))
    _print_rows(screen, rows)
    screen.print(f"The pictures are in {folder}", soft_wrap=True, markup=False)
    pages = "Open neuron.html to play both passes, moons.html to watch the network learn."
    screen.print(pages, soft_wrap=True)
    return 0


def _print_rows(screen, rows):
    from rich.table import Table

    grid = Table(title="What was made", show_footer=True)
    grid.add_column("part", "in all")
    grid.add_column("result")
    grid.add_column("files")
    grid.add_column("time", f"{sum(row[-1] for row in rows):.1f} s", justify="right")
    for *words, seconds in rows:
        grid.add_row(*words, f"{seconds:.1f} s")
    screen.print(grid)

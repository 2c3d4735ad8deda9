"""Two moons: the points that a straight line cannot part, and a network that learns to.

Takes: scikit-learn for the points, matplotlib for the picture.
Gives: ``points``, ``loss``, ``train``: the training of micrograd's own demo; ``draw``; ``run``, which also
leaves a film of the training.
Promises: with the same seeds, the points, the first parameters and the loss are micrograd's.
"""

import random

import numpy as np

from gradloom.cli.console import progress
from gradloom.cli.plots import BLUE, INK, ORANGE, PALE_BLUE, PALE_ORANGE, percent, picture
from gradloom.engine import no_grad
from gradloom.film import Film
from gradloom.nn import MLP

__all__ = ["draw", "loss", "points", "run", "train"]

MAP = 72, 54  # the points, across and up, at which the map asks the network


def points():
    """100 points (x, y), and for each the moon it lies on: 1 or -1."""
    from sklearn.datasets import make_moons

    xs, moons = make_moons(n_samples=100, noise=0.1, random_state=1337)
    return xs.tolist(), [1 if moon else -1 for moon in moons]


def loss(model, xs, ys):
    """How wrong the model is, as a Value, and how often it is right, as a fraction."""
    scores = [model(x) for x in xs]
    margins = [(1 - y * score).relu() for y, score in zip(ys, scores, strict=True)]
    size = sum(p * p for p in model.parameters())
    right = [(y > 0) == (score.data > 0) for y, score in zip(ys, scores, strict=True)]
    return sum(margins) / len(margins) + 1e-4 * size, sum(right) / len(right)


def train(model, xs, ys, steps=100, film=None):
    """Gradient descent; after each step, the loss and the accuracy that it began with."""
    for k in range(steps):
        total, accuracy = loss(model, xs, ys)
        model.zero_grad()
        total.backward()
        if film is not None:
            film.frame(total)
        rate = 1.0 - 0.9 * k / steps
        for p in model.parameters():
            p.data -= rate * p.grad
        yield total.data, accuracy


def draw(model, xs, ys, history, path):
    """The two sides that the model sees, and how the loss fell, as one picture."""
    losses, accuracies = zip(*history, strict=True)
    with picture(path, [["map", "loss"], ["map", "accuracy"]], (11, 4.7), width_ratios=[1.5, 1]) as axes:
        _draw_map(axes["map"], model, np.array(xs), np.array(ys))
        axes["loss"].semilogy(losses, color=INK)
        axes["loss"].yaxis.set_major_formatter("{x:g}")
        axes["loss"].yaxis.set_minor_formatter("")
        axes["loss"].tick_params(labelbottom=False)
        axes["loss"].set_title("Loss")
        axes["accuracy"].plot(percent(accuracies), color=INK)
        axes["accuracy"].set_title("Points on the right side, %")
        axes["accuracy"].set_xlabel("step")


def _draw_map(ax, model, xs, ys):
    (left, bottom), (right, top) = xs.min(axis=0) - 0.5, xs.max(axis=0) + 0.5
    across, up = np.linspace(left, right, MAP[0]), np.linspace(bottom, top, MAP[1])
    with no_grad():
        scores = [[model([x, y]).data for x in across] for y in up]
    ax.contourf(across, up, scores, levels=[-np.inf, 0, np.inf], colors=[PALE_ORANGE, PALE_BLUE])
    ax.contour(across, up, scores, levels=[0], colors=[INK], linewidths=1.2)
    for moon, colour in ((-1, ORANGE), (1, BLUE)):  # as in the film
        ax.scatter(*xs[ys == moon].T, s=42, color=colour, edgecolors="white", linewidths=0.8)
    ax.set_title("Where the network draws the line")
    ax.set_aspect("equal")
    ax.spines[:].set_visible(False)
    ax.set(xticks=[], yticks=[])


def run(screen, folder, steps=100):
    """Train, draw, and say how it went: (file, result)."""
    random.seed(1337)
    xs, ys = points()
    model = MLP(2, [16, 16, 1])
    film = Film(model, xs, ys, title="Two moons: a network learns to part them")
    history = list(progress(screen, "Two moons", train(model, xs, ys, steps, film), steps))
    with no_grad():
        _, accuracy = loss(model, xs, ys)
    draw(model, xs, ys, history, folder / "moons.png")
    film.save(folder / "moons.html")
    return "moons.png\nmoons.html", f"{round(accuracy * len(xs))} of {len(xs)} points on the right side"

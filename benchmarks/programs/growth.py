"""Three families of programs that grow: what does a node cost when there are more of them?

GPT: a name of more and more letters. Rows: a perceptron's loss on more and more points, written out in
one program. Lorenz: more and more steps, narrow and deep.
"""

import gpt
import lorenz
import mlp
import numpy as np
import scalar_gpt

HIDDEN = 16
SIZES = {
    "gpt": (1, 2, 4, 8, 12, 16),
    "rows": (2, 5, 15, 50, 150, 500, 1500),
    "lorenz": (14, 45, 140, 450, 1400, 4500, 14000),
}
TITLES = {"gpt": "GPT, 1 to 16 tokens", "rows": "perceptron, rows written out", "lorenz": "Lorenz, RK4 steps"}


def program(family, size):
    """The function and its argument."""
    scalar_gpt.softmax = gpt.softmax
    if family == "gpt":
        letters = scalar_gpt.tokens_of("isabellachristina")
        return lambda theta: gpt.loss(theta, letters[: size + 1]), gpt.THETA
    if family == "lorenz":
        return lambda start: lorenz.distance(start, size, 5.0 / size), lorenz.START  # longer, it is chaotic
    points, targets = (np.resize(x, (size, *x.shape[1:])).tolist() for x in (mlp.POINTS, mlp.TARGETS))

    def mean(theta):
        layers = mlp.arranged(theta, HIDDEN)
        return sum(mlp.loss(layers, row, t) for row, t in zip(points, targets, strict=True)) / size

    return mean, np.array(mlp.flat((0.0, mlp.start(HIDDEN)))[1:])


def eager(family, size):
    """How many nodes the graph has, and the value and gradient."""
    from gradloom import Value
    from gradloom.engine import order

    function, start = program(family, size)
    inputs = [Value(x) for x in start]
    root = function(inputs)
    root.backward()
    return len(order(root)), [root.data, *(v.grad for v in inputs)]


def _ours(family, size):
    import gradloom

    function, start = program(family, size)
    return gradloom.value_and_grad(function), (start,), lambda r: [r[0], *r[1]]


def gradloom_gpt(size):
    return _ours("gpt", size)


def gradloom_rows(size):
    return _ours("rows", size)


def gradloom_lorenz(size):
    return _ours("lorenz", size)

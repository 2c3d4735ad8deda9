"""A perceptron over 1,024 rows: the mean squared error and its gradient by all parameters, one thread.

Two sizes: 2-16-16-1 and 2-64-64-1, ReLU between the layers, a linear output.
"""

import itertools
import random

import numpy as np

ROWS = 1024
POINTS = np.random.default_rng(0).uniform(-1.5, 1.5, (ROWS, 2))
TARGETS = np.sin(2.0 * POINTS[:, 0]) + POINTS[:, 1] ** 2


def widths(hidden):
    return [2, hidden, hidden, 1]


def start(hidden):
    """For each layer the weights, one list per unit, and the biases."""
    draw = random.Random(0)
    return [
        ([[draw.gauss(0.0, 1.0) / a**0.5 for _ in range(a)] for _ in range(b)], [0.1] * b)
        for a, b in itertools.pairwise(widths(hidden))
    ]


def loss(layers, row, target):
    xs = row
    for i, (weights, biases) in enumerate(layers):
        xs = [
            sum(w * x for w, x in zip(unit, xs, strict=True)) + b
            for unit, b in zip(weights, biases, strict=True)
        ]
        if i < len(layers) - 1:
            xs = [x.relu() for x in xs]
    return (xs[0] - target) ** 2


def flat(result):
    value, layers = result
    numbers = [np.concatenate([np.ravel(weights), np.ravel(biases)]) for weights, biases in layers]
    return [value, *np.concatenate(numbers)]


def gradloom(hidden):
    import gradloom

    def arranged_loss(theta, row, target):
        return loss(arranged(theta, hidden), row, target)

    mean = gradloom.vmap(arranged_loss, in_axes=(None, 0, 0), reduce="mean", threads=1)
    theta = np.array(flat((0.0, start(hidden)))[1:])
    return gradloom.value_and_grad(mean), (theta, POINTS, TARGETS), lambda r: [r[0], *r[1]]


def arranged(theta, hidden):
    """The layers from their numbers in one row."""
    numbers = iter(theta)
    return [
        ([list(itertools.islice(numbers, a)) for _ in range(b)], list(itertools.islice(numbers, b)))
        for a, b in itertools.pairwise(widths(hidden))
    ]


def jax(hidden):
    import jax
    import jax.numpy as jnp

    def mean(layers, points, targets):
        x = points
        for weights, biases in layers[:-1]:
            x = jax.nn.relu(x @ weights.T + biases)
        weights, biases = layers[-1]
        return jnp.mean(((x @ weights.T + biases)[:, 0] - targets) ** 2)

    step = jax.jit(jax.value_and_grad(mean))
    layers = [(jnp.array(weights), jnp.array(biases)) for weights, biases in start(hidden)]
    work = lambda *xs: jax.block_until_ready(step(*xs))  # noqa: E731
    return work, (layers, jnp.array(POINTS), jnp.array(TARGETS)), flat


def gradloom_eager(hidden):
    from gradloom import Value

    def work():
        layers = [
            ([[Value(w) for w in unit] for unit in ws], [Value(b) for b in bs]) for ws, bs in start(hidden)
        ]
        losses = [loss(layers, row, t) for row, t in zip(POINTS.tolist(), TARGETS.tolist(), strict=True)]
        total = sum(losses) / ROWS
        total.backward()
        return total.data, [
            ([[w.grad for w in unit] for unit in ws], [b.grad for b in bs]) for ws, bs in layers
        ]

    return work, (), flat

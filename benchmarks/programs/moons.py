"""Two moons: a whole training step of micrograd's demo, the update of the parameters with it.

100 points, a 2-16-16-1 network, max-margin loss with L2, plain gradient descent. Ours is the loss of one
row, mapped: the model is the same object, and its parameters are updated by the optimiser.
"""

import random

import numpy as np
from sklearn.datasets import make_moons

POINTS, CLASSES = make_moons(n_samples=100, noise=0.1, random_state=1)
TARGETS = 2.0 * CLASSES - 1.0
RATE = 0.01


def micrograd():
    import micrograd.engine
    import micrograd.nn

    random.seed(1337)
    model = micrograd.nn.MLP(2, [16, 16, 1])
    rows, targets = POINTS.tolist(), TARGETS.tolist()

    def work():
        scores = [model([micrograd.engine.Value(x) for x in row]) for row in rows]
        losses = [(1 + -target * score).relu() for target, score in zip(targets, scores, strict=True)]
        total = sum(losses) * (1.0 / len(losses)) + 1e-4 * sum(p * p for p in model.parameters())
        model.zero_grad()
        total.backward()
        for p in model.parameters():
            p.data -= RATE * p.grad
        return total

    return work, (), lambda total: [total.data, *(p.data for p in model.parameters())]


def gradloom():
    import gradloom.nn
    import gradloom.optim

    random.seed(1337)
    model = gradloom.nn.MLP(2, [16, 16, 1])
    optimiser = gradloom.optim.SGD(model.parameters(), lr=RATE)

    def loss(row, target):
        return (1 + -target * model(row)).relu() + 1e-4 * sum(p * p for p in model.parameters())

    mean = gradloom.vmap(loss, reduce="mean", threads=1)

    def work():
        optimiser.zero_grad()
        total = mean(POINTS, TARGETS)
        total.backward()
        optimiser.step()
        return total

    return work, (), lambda total: [total.data, *(p.data for p in model.parameters())]


def gradloom_arrays():
    """The same with the parameters in one array and no objects: what the step costs at least."""
    import gradloom
    import gradloom.nn

    random.seed(1337)
    model = gradloom.nn.MLP(2, [16, 16, 1])
    theta = np.array([p.data for p in model.parameters()])

    def loss(theta, row, target):
        numbers, xs = iter(theta), list(row)
        for i, width in enumerate([16, 16, 1]):
            units = [[next(numbers) for _ in xs] + [next(numbers)] for _ in range(width)]
            xs = [sum((w * x for w, x in zip(unit[:-1], xs, strict=True)), unit[-1]) for unit in units]
            xs = [x.relu() for x in xs] if i < 2 else xs
        return (1 + -target * xs[0]).relu() + 1e-4 * sum(p * p for p in theta)

    step = gradloom.value_and_grad(gradloom.vmap(loss, in_axes=(None, 0, 0), reduce="mean", threads=1))

    def work():
        nonlocal theta
        value, slope = step(theta, POINTS, TARGETS)
        theta = theta - RATE * slope
        return value

    return work, (), lambda value: [value, *theta]


def gradloom_eager():
    import gradloom.nn

    random.seed(1337)
    model = gradloom.nn.MLP(2, [16, 16, 1])

    def work():
        scores = [model(row) for row in POINTS.tolist()]
        losses = [
            (1 + -target * score).relu() for target, score in zip(TARGETS.tolist(), scores, strict=True)
        ]
        total = sum(losses) * (1.0 / len(losses)) + 1e-4 * sum(p * p for p in model.parameters())
        model.zero_grad()
        total.backward()
        for p in model.parameters():
            p.data -= RATE * p.grad
        return total

    return work, (), lambda total: [total.data, *(p.data for p in model.parameters())]

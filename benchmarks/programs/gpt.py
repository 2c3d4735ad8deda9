"""One training step of a character GPT: the loss on one name of eight letters, and 4,192 gradients.

Ours is ``examples/scalar_gpt.py``: numbers in lists, no vector anywhere. JAX is given the same model
written with matrices, by hand; CasADi and slots Python the scalar one.
"""

import itertools

import numpy as np
import scalar_gpt

from gradloom import math

TOKENS = scalar_gpt.tokens_of("isabella")
START = scalar_gpt.make_parameters(0, float)
THETA = np.array(scalar_gpt.flat(START))


def softmax(logits):
    """As in the example, but the largest is found by ``maximum``: no comparison, so no branch."""
    largest = scalar_gpt.bare(math.maximum(*logits))
    powers = [scalar_gpt.exp(v - largest) for v in logits]
    total = sum(powers)
    return [power / total for power in powers]


def arranged(numbers):
    """The parameters of the model from their numbers in one row."""
    numbers, parameters = iter(numbers), {}
    for name, (rows, columns) in scalar_gpt.SHAPES.items():
        parameters[name] = [list(itertools.islice(numbers, columns)) for _ in range(rows)]
    return parameters


def loss(theta, tokens=TOKENS):
    return scalar_gpt.loss_of(arranged(theta), tokens)


def gradloom():
    import gradloom

    scalar_gpt.softmax = softmax
    return gradloom.value_and_grad(loss), (THETA,), lambda r: [r[0], *r[1]]


def gradloom_eager():
    import gradloom

    scalar_gpt.softmax = softmax
    return eager(gradloom.Value)


def slots():
    import slots_engine

    return eager(slots_engine.Value)


def eager(value):
    parameters = scalar_gpt.make_parameters(0, value)
    everything = scalar_gpt.flat(parameters)

    def work():
        for p in everything:
            p.grad = 0.0
        root = scalar_gpt.loss_of(parameters, TOKENS)
        root.backward()
        return root

    return work, (), lambda root: [root.data, *(p.grad for p in everything)]


def jax():
    import jax
    import jax.numpy as jnp

    tokens, n = np.array(TOKENS), len(TOKENS) - 1
    inputs, following = tokens[:-1], tokens[1:]
    heads = scalar_gpt.WIDTH // scalar_gpt.HEAD
    unseen = np.triu(np.full((n, n), -np.inf), 1)

    def rms_norm(x):
        return x / jnp.sqrt(jnp.mean(x * x, axis=1, keepdims=True) + 1e-5)

    def loss(p):
        x = p["token"][inputs] + p["position"][:n]
        y = rms_norm(x)
        query, key, value = ((y @ p[name].T).reshape(n, heads, -1) for name in ("query", "key", "value"))
        scores = jnp.einsum("ihc,jhc->hij", query, key) / scalar_gpt.HEAD**0.5
        weights = jax.nn.softmax(scores + unseen, axis=2)
        gathered = jnp.einsum("hij,jhc->ihc", weights, value).reshape(n, -1)
        x = x + gathered @ p["blend"].T
        x = x + jax.nn.relu(rms_norm(x) @ p["widen"].T) @ p["narrow"].T
        logs = jax.nn.log_softmax(rms_norm(x) @ p["score"].T, axis=1)
        return -jnp.mean(logs[np.arange(n), following])

    step = jax.jit(jax.value_and_grad(loss))
    parameters = {name: jnp.array(matrix) for name, matrix in START.items()}
    gradients = lambda g: np.concatenate([np.asarray(g[name]).ravel() for name in START])  # noqa: E731
    return lambda p: jax.block_until_ready(step(p)), (parameters,), lambda r: [r[0], *gradients(r[1])]


def casadi():
    import symbolic

    scalar_gpt.exp, scalar_gpt.log, scalar_gpt.relu = symbolic.exp, symbolic.log, symbolic.relu
    scalar_gpt.softmax = symbolic.softmax
    return symbolic.value_and_gradient(loss, THETA)

"""A GPT in which every number is a Value.

    python examples/scalar_gpt.py --steps 500

It reads given names, learns which letter follows which, and makes up names of its own. There are no
matrices and no tensors, only lists of 4,192 parameters: 27 tokens (a to z, and one for both ends of a
name), width 16, one layer of four attention heads of width 4, and a perceptron of 64 units.

The model is written once. With Values it builds a graph to differentiate; with plain floats the same
code only computes, which is how names are made up at the end. The scopes are for pictures:
``loss_of(make_parameters(), tokens_of("a")).explore(max_nodes=30)`` goes from the embeddings to the loss.
"""

import argparse
import itertools
import math
import random
from pathlib import Path

from gradloom import Value, scope

NAMES = Path(__file__).parent / "data" / "names.txt"
LETTERS = "abcdefghijklmnopqrstuvwxyz"
BOUNDARY = len(LETTERS)  # the token before the first letter and after the last
TOKENS = BOUNDARY + 1
WIDTH, HEAD, HIDDEN, CONTEXT = 16, 4, 64, 16

SHAPES = {
    "token": (TOKENS, WIDTH),  # what a token means
    "position": (CONTEXT, WIDTH),  # what being first, second, ... means
    "query": (WIDTH, WIDTH),  # attention: what a position looks for,
    "key": (WIDTH, WIDTH),  # what it offers,
    "value": (WIDTH, WIDTH),  # what it passes on,
    "blend": (WIDTH, WIDTH),  # and how the heads are put together
    "widen": (HIDDEN, WIDTH),  # the perceptron
    "narrow": (WIDTH, HIDDEN),
    "score": (TOKENS, WIDTH),  # how well each token would follow
}


# ---- the few operations that floats do not have as methods
def exp(x):
    return math.exp(x) if isinstance(x, float) else x.exp()


def log(x):
    return math.log(x) if isinstance(x, float) else x.log()


def relu(x):
    return max(x, 0.0) if isinstance(x, float) else x.relu()


def bare(x):
    return x if isinstance(x, float) else x.data


# ---- the model
def make_parameters(seed=0, number=Value):
    """Small random numbers in the lists that ``SHAPES`` describes; ``number`` makes each from a float."""
    rng = random.Random(seed)
    return {
        name: [[number(rng.gauss(0.0, 0.08)) for _ in range(columns)] for _ in range(rows)]
        for name, (rows, columns) in SHAPES.items()
    }


def flat(parameters):
    """All parameters in one list."""
    return [p for matrix in parameters.values() for row in matrix for p in row]


def dot(xs, ys):
    return sum(x * y for x, y in zip(xs, ys, strict=True))


def linear(parameters, name, xs):
    with scope(name):
        return [dot(row, xs) for row in parameters[name]]


def add(xs, ys, name="add"):
    with scope(name):
        return [x + y for x, y in zip(xs, ys, strict=True)]


@scope("norm")
def rms_norm(xs):
    """``xs`` scaled so that the mean of their squares is 1."""
    ms = dot(xs, xs) / len(xs)
    scale = (ms + 1e-5) ** -0.5
    return [x * scale for x in xs]


@scope("softmax")
def softmax(logits):
    """Positive numbers that sum to 1, in the proportions of exp(logit)."""
    largest = max(bare(v) for v in logits)  # taken off, so that exp cannot overflow
    powers = [exp(v - largest) for v in logits]
    total = sum(powers)
    return [power / total for power in powers]


@scope("attention")
def attention(parameters, xs, keys, values):
    """What this position gathers from itself and from those before it."""
    query, key, value = (linear(parameters, name, xs) for name in ("query", "key", "value"))
    keys.append(key)
    values.append(value)
    gathered = []
    for start in range(0, WIDTH, HEAD):
        head = slice(start, start + HEAD)
        with scope(f"head {start // HEAD}"):
            weights = softmax([dot(query[head], k[head]) / HEAD**0.5 for k in keys])
            gathered += [dot(weights, column) for column in zip(*(v[head] for v in values), strict=True)]
    return linear(parameters, "blend", gathered)


@scope("perceptron")
def perceptron(parameters, xs):
    return linear(parameters, "narrow", [relu(x) for x in linear(parameters, "widen", xs)])


def logits_after(parameters, token, position, keys, values):
    """A score for each token as the next one; ``keys`` and ``values`` are the memory of a name so far."""
    xs = add(parameters["token"][token], parameters["position"][position], "embedding")
    xs = add(xs, attention(parameters, rms_norm(xs), keys, values))
    xs = add(xs, perceptron(parameters, rms_norm(xs)))
    return linear(parameters, "score", rms_norm(xs))


def loss_of(parameters, tokens):
    """The mean surprise, -log(probability), at each token after the first."""
    keys, values, losses = [], [], []
    for position, (token, following) in enumerate(itertools.pairwise(tokens)):
        with scope(f"position {position}"):
            probabilities = softmax(logits_after(parameters, token, position, keys, values))
            losses.append(-log(probabilities[following]))
    return sum(losses) / len(losses)


# ---- learning and inventing
def tokens_of(name):
    return [BOUNDARY, *(LETTERS.index(letter) for letter in name), BOUNDARY][: CONTEXT + 1]


def train(parameters, names, steps, rate=0.01):
    """Adam, one name a step; yields each step's loss."""
    everything = flat(parameters)
    for p in everything:
        p.m = p.v = 0.0
    for step in range(steps):
        loss = loss_of(parameters, tokens_of(names[step % len(names)]))
        loss.backward()
        for p in everything:
            p.m = 0.9 * p.m + 0.1 * p.grad
            p.v = 0.99 * p.v + 0.01 * p.grad**2
            m, v = p.m / (1 - 0.9 ** (step + 1)), p.v / (1 - 0.99 ** (step + 1))
            p.data -= rate * (1 - step / steps) * m / (v**0.5 + 1e-8)
            p.grad = 0
        yield loss.data


def invent(parameters, rng, temperature=0.5):
    """A new name, letter by letter; a low temperature keeps to likely letters."""
    token, letters, keys, values = BOUNDARY, "", [], []
    for position in range(CONTEXT):
        logits = logits_after(parameters, token, position, keys, values)
        weights = softmax([v / temperature for v in logits])
        (token,) = rng.choices(range(TOKENS), weights)
        if token == BOUNDARY:
            break
        letters += LETTERS[token]
    return letters


def main():
    options = argparse.ArgumentParser(description="Train a scalar GPT on names, then let it invent some.")
    options.add_argument("--steps", type=int, default=500, help="names to learn from (default 500)")
    options.add_argument("--seed", type=int, default=0, help="of all that is random (default 0)")
    options = options.parse_args()
    rng = random.Random(options.seed)
    names = NAMES.read_text().split()
    rng.shuffle(names)
    parameters = make_parameters(options.seed)
    print(f"{len(names):,} names, {len(flat(parameters)):,} parameters")

    recent = []
    for step, loss in enumerate(train(parameters, names, options.steps), 1):
        recent = [*recent[-49:], loss]
        if step % 50 == 0 or step in (1, options.steps):
            mean = sum(recent) / len(recent)
            print(f"step {step:4} of {options.steps}   loss {mean:.4f}  (mean of the last {len(recent)})")

    numbers = {name: [[p.data for p in row] for row in matrix] for name, matrix in parameters.items()}
    print("made up:", ", ".join(invent(numbers, rng) for _ in range(20)))


if __name__ == "__main__":
    main()

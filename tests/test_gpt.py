"""The scalar GPT of the examples, against the same model written with PyTorch's matrices."""

import collections
import importlib.util
import math
import subprocess
import sys
from pathlib import Path

import pytest

import gradloom as gl
from gradloom import Value, topological_order

EXAMPLE = Path(__file__).parents[1] / "examples" / "scalar_gpt.py"


@pytest.fixture(scope="module")
def gpt():
    spec = importlib.util.spec_from_file_location("scalar_gpt", EXAMPLE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def torch_loss(torch, weights, tokens):
    """The model as matrices: all positions at once, with a mask instead of a growing memory."""

    def norm(x):
        return x / torch.sqrt((x * x).mean(-1, keepdim=True) + 1e-5)

    inputs, targets = torch.tensor(tokens[:-1]), torch.tensor(tokens[1:])
    n = len(inputs)
    x = weights["token"][inputs] + weights["position"][:n]
    h = norm(x)
    q, k, v = ((h @ weights[name].T).view(n, 4, 4).transpose(0, 1) for name in ("query", "key", "value"))
    scores = (q @ k.transpose(1, 2) / 2.0).masked_fill(torch.ones(n, n).triu(1).bool(), -math.inf)
    gathered = (scores.softmax(-1) @ v).transpose(0, 1).reshape(n, 16)
    x = x + gathered @ weights["blend"].T
    x = x + torch.relu(norm(x) @ weights["widen"].T) @ weights["narrow"].T
    return torch.nn.functional.cross_entropy(norm(x) @ weights["score"].T, targets)


@pytest.mark.parametrize("name", ["isabella", "bo"])
def test_loss_and_all_gradients_are_those_of_pytorch(gpt, name):
    torch = pytest.importorskip("torch")
    parameters, tokens = gpt.make_parameters(seed=3), gpt.tokens_of(name)
    weights = {
        key: torch.tensor([[p.data for p in row] for row in rows], dtype=torch.float64, requires_grad=True)
        for key, rows in parameters.items()
    }
    loss, expected = gpt.loss_of(parameters, tokens), torch_loss(torch, weights, tokens)
    loss.backward()
    expected.backward()
    assert loss.data == pytest.approx(expected.item(), rel=1e-12)
    for key, rows in parameters.items():
        ours = torch.tensor([[p.grad for p in row] for row in rows], dtype=torch.float64)
        assert torch.allclose(ours, weights[key].grad, rtol=1e-9, atol=1e-13), key


def test_the_model_is_as_large_as_it_says(gpt):
    assert len(gpt.flat(gpt.make_parameters())) == 4192
    assert gpt.tokens_of("abz") == [26, 0, 1, 25, 26]
    names = gpt.NAMES.read_text().split()
    assert len(names) == 32_033
    assert max(map(len, names)) < gpt.CONTEXT


def test_on_floats_it_gives_the_same_bits(gpt):
    tokens = gpt.tokens_of("emma")
    loss = gpt.loss_of(gpt.make_parameters(seed=5), tokens)
    assert loss.data == gpt.loss_of(gpt.make_parameters(seed=5, number=float), tokens)
    assert len(topological_order(loss)) > 20_000


def test_it_learns(gpt):
    losses = list(gpt.train(gpt.make_parameters(), ["bo"], steps=8))
    assert losses[0] == pytest.approx(math.log(27), abs=0.3)
    assert losses[-1] < losses[0] / 2


def test_the_command_prints_losses_and_names():
    done = subprocess.run(
        [sys.executable, "-W", "error", EXAMPLE, "--steps", "2"], capture_output=True, text=True, check=True
    )
    first, *losses, names = done.stdout.splitlines()
    assert first == "32,033 names, 4,192 parameters"
    assert [line.split()[:4] for line in losses] == [["step", "1", "of", "2"], ["step", "2", "of", "2"]]
    assert names.startswith("made up: ")
    assert names.count(",") == 19


def test_it_is_written_for_values_by_default(gpt):
    assert all(type(p) is Value for p in gpt.flat(gpt.make_parameters()))


def test_no_mask_is_paid_for_in_a_network(gpt):
    """Behind each relu a choice, and no truth besides: the poles below (roots, quotients) are reached anyway,
    or never met."""
    numbers = gpt.make_parameters(seed=3, number=float)
    tokens = gpt.tokens_of("bo")
    gradients = gl.grad(lambda parameters: gpt.loss_of(parameters, tokens)).program(numbers)
    names = collections.Counter(line.name for line in gradients)
    # one for each of 64 units at each of 3 positions, whose sign the gradient asks for
    assert (names["le"], names["where"], names["or"], names["and"]) == (192, 192, 0, 0)

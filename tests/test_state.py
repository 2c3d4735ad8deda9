"""State: every bit comes back; what does not fit is named and changes nothing."""

import json
import math
import os

import numpy as np
import pytest

from gradloom import Value
from gradloom.errors import StateError
from gradloom.nn import MLP, Module
from gradloom.state import load_state, replace_file, save_state

AWKWARD = [0.1, -0.0, 5e-324, 1.7976931348623157e308, math.inf, -math.inf, math.pi, 1e22, 1 / 3]


class Numbers(Module):
    def __init__(self, numbers):
        self.held = [Value(x) for x in numbers]


def bits(model):
    return [p.data.hex() for p in model.parameters()]


@pytest.mark.parametrize("suffix", [".json", ".npz", ".JSON"])
def test_every_bit_comes_back(tmp_path, suffix):
    model, other = Numbers([*AWKWARD, math.nan]), Numbers([7.0] * 10)
    model.save(tmp_path / f"model{suffix}")
    other.load(str(tmp_path / f"model{suffix}"))
    assert bits(other) == bits(model)
    assert os.listdir(tmp_path) == [f"model{suffix}"]


def test_names_and_order():
    model = MLP(2, [2, 1])
    state = model.state_dict()
    assert list(state) == [
        *[f"layers.0.neurons.{i}.{x}" for i in range(2) for x in ("w.0", "w.1", "b")],
        *[f"layers.1.neurons.0.{x}" for x in ("w.0", "w.1", "b")],
    ]
    assert list(state.values()) == [p.data for p in model.parameters()]
    assert {type(x) for x in state.values()} == {float}


def test_json_is_a_plain_object_of_names_and_numbers(tmp_path):
    Numbers([0.5, 2.0]).save(tmp_path / "n.json")
    assert json.loads((tmp_path / "n.json").read_text()) == {"held.0": 0.5, "held.1": 2.0}


def test_npz_is_two_arrays(tmp_path):
    Numbers([0.5, 2.0]).save(tmp_path / "n.npz")
    with np.load(tmp_path / "n.npz") as arrays:
        assert arrays["names"].tolist() == ["held.0", "held.1"]
        assert arrays["numbers"].tolist() == [0.5, 2.0]


def test_an_empty_state(tmp_path):
    for name in ("e.json", "e.npz"):
        save_state({}, tmp_path / name)
        assert load_state(tmp_path / name) == {}


def test_numpy_scalars_and_whole_numbers_are_numbers():
    model = Numbers([0.0, 0.0])
    model.load_state_dict({"held.1": np.float32(0.5), "held.0": 3})
    assert [p.data for p in model.held] == [3.0, 0.5]


# ---- a state that does not fit
@pytest.mark.parametrize(
    ("state", "words"),
    [
        ({}, "the state lacks 'held.0', 'held.1', 'held.2' and 1 more"),
        (dict.fromkeys(["held.0", "held.1", "held.2"], 1.0), r"the state lacks 'held\.3'\. Build"),
        (dict.fromkeys([*[f"held.{i}" for i in range(4)], "bias"], 1.0), r"the model has no 'bias'\. Build"),
        ({"w": 1.0}, "lacks .*; the model has no 'w'"),
        ({f"held.{i}": "1.0" for i in range(4)}, "'held.0' must be a number, not str"),
        ({f"held.{i}": 1.0 if i < 3 else None for i in range(4)}, "'held.3' must be a number"),
        ({f"held.{i}": 10**400 for i in range(4)}, "too large"),
        ([1.0, 1.0, 1.0, 1.0], "a dict of names and numbers, not list"),
        (Numbers([1.0] * 4), "not Numbers; it comes from model.state_dict"),
    ],
)
def test_a_foreign_state_changes_nothing(state, words):
    model = Numbers([2.0, 3.0, 4.0, 5.0])
    with pytest.raises(StateError, match=words):
        model.load_state_dict(state)
    assert [p.data for p in model.held] == [2.0, 3.0, 4.0, 5.0]


def _npz(**arrays):
    def write(path):
        np.savez(path, **arrays)

    return write


@pytest.mark.parametrize(
    ("name", "write"),
    [
        ("broken.json", b'{"held.0": 1.0'),
        ("list.json", b"[1.0, 2.0]"),
        ("text.json", b"\xff\xfe not text"),
        ("empty.json", b""),
        ("deep.json", b"[" * 100_000),
        ("broken.npz", b"PK\x03\x04 and no more"),
        ("json.npz", b'{"held.0": 1.0}'),
        ("foreign.npz", _npz(weights=np.zeros(2))),
        ("lengths.npz", _npz(names=np.array(["held.0"]), numbers=np.zeros(2))),
        ("unnamed.npz", _npz(names=np.zeros(1), numbers=np.zeros(1))),
        ("objects.npz", _npz(names=np.array(["held.0"]), numbers=np.array([None]))),
    ],
)
def test_a_file_that_is_no_state(tmp_path, name, write):
    path, model = tmp_path / name, Numbers([2.0])
    if isinstance(write, bytes):
        path.write_bytes(write)
    else:
        write(path)
    with pytest.raises(StateError, match=r"is not a saved state .*model\.save"):
        model.load(path)
    assert model.held[0].data == 2.0


def test_a_suffix_that_is_no_format(tmp_path):
    model = Numbers([2.0])
    for act in (model.save, model.load):
        with pytest.raises(StateError, match=r"model\.pt: .* \.json or \.npz"):
            act(tmp_path / "model.pt")
    assert os.listdir(tmp_path) == []


def test_files_and_folders_that_are_not_there(tmp_path):
    with pytest.raises(FileNotFoundError):
        Numbers([1.0]).load(tmp_path / "none.json")
    with pytest.raises(FileNotFoundError, match=r"there is no folder .*make it first"):
        Numbers([1.0]).save(tmp_path / "none" / "model.json")


# ---- whole files or none
def test_a_failed_write_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "model.json"
    path.write_text("old")
    monkeypatch.setattr(os, "replace", lambda *_: (_ for _ in ()).throw(OSError("disk full")))
    with pytest.raises(OSError, match="disk full"):
        replace_file(path, b"new")
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["model.json"]


def test_a_file_is_as_readable_as_any_other(tmp_path):
    replace_file(tmp_path / "a", b"")
    (tmp_path / "b").write_bytes(b"")
    assert (tmp_path / "a").stat().st_mode == (tmp_path / "b").stat().st_mode

"""The numbers of a model as a dict from name to float, in a file and back.

Takes: a state, as ``model.state_dict()`` gives it, and a path.
Gives: ``save_state``, ``load_state``; ``fit``, which checks a state against the names of a model;
``replace_file``, which writes any file whole.
Promises: every bit of every number survives. A file is replaced whole or not at all. What does not
fit is a ``StateError`` that names it.

    .json    {"layers.0.neurons.0.w.0": 0.236, ...}    one object; nan is written NaN, as Python does
    .npz     names: array of str, shape (n,);  numbers: float64, shape (n,)
"""

import io
import json
import os
import zipfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from gradloom.arithmetic import number
from gradloom.errors import StateError

__all__ = ["fit", "load_state", "replace_file", "save_state"]


# ---- files
def save_state(state, path):
    """Write a state to ``path``, whose suffix (``.json`` or ``.npz``) chooses the format.

    Parameters
    ----------
    state : dict
        From parameter name to float.
    path : str or path-like

    Raises
    ------
    StateError
        Another suffix.
    FileNotFoundError
        The folder does not exist.
    """
    write, _ = _format(path)
    replace_file(path, write(state))


def load_state(path):
    """The state in a file that ``save_state`` wrote: a dict from parameter name to float.

    Raises
    ------
    StateError
        The file is not a state; the message says why.
    """
    _, read = _format(path)
    content = Path(path).read_bytes()
    try:
        return read(content)
    except Exception as error:  # whatever a parser says of a file that is not its own
        raise StateError(f"{path} is not a saved state ({error}); write one with model.save(path)") from None


def replace_file(path, content):
    """Write bytes to ``path`` so that it holds all of them or what it held before."""
    folder, name = os.path.split(os.path.abspath(path))
    if not os.path.isdir(folder):
        raise FileNotFoundError(f"cannot write {name}: there is no folder {folder}; make it first")
    draft = Path(folder, f".{name}.{os.getpid()}.part")
    try:
        draft.write_bytes(content)
        os.replace(draft, path)
    finally:
        draft.unlink(missing_ok=True)


# ---- formats: suffix -> (state -> bytes, bytes -> state)
def _to_json(state):
    return json.dumps(state, indent=0).encode()


def _from_json(content):
    state = json.loads(content)
    if not isinstance(state, dict):
        raise ValueError("it holds no JSON object of names and numbers")
    return state


def _to_npz(state):
    names, numbers = np.array(list(state), dtype=str), np.array(list(state.values()), dtype=float)
    buffer = io.BytesIO()
    np.savez(buffer, names=names, numbers=numbers)
    return buffer.getvalue()


def _from_npz(content):
    if not zipfile.is_zipfile(io.BytesIO(content)):
        raise ValueError("it is no npz archive")
    with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
        if set(arrays.files) != {"names", "numbers"}:
            raise ValueError(f"it holds the arrays {', '.join(arrays.files)}, not names and numbers")
        names, numbers = arrays["names"], arrays["numbers"]
    if names.ndim != 1 or names.shape != numbers.shape or names.dtype.kind != "U":
        raise ValueError(f"names and numbers must be of one length, not {names.shape} and {numbers.shape}")
    return dict(zip(names.tolist(), numbers.tolist(), strict=True))


FORMATS = {".json": (_to_json, _from_json), ".npz": (_to_npz, _from_npz)}


def _format(path):
    suffix = Path(path).suffix.lower()
    if suffix not in FORMATS:
        raise StateError(f"{path}: a state is kept in a file that ends in {' or '.join(FORMATS)}")
    return FORMATS[suffix]


# ---- does a state fit a model?
def fit(state, names):
    """The numbers of ``state`` in the order of ``names``: an array of shape (n,).

    Raises
    ------
    StateError
        A name is missing or unknown, or something is not a number.
    """
    if not isinstance(state, Mapping):
        raise StateError(
            f"a state is a dict of names and numbers, not {type(state).__name__}; "
            "it comes from model.state_dict()"
        )
    known = set(names)
    differences = {
        "the state lacks": [name for name in names if name not in state],
        "the model has no": [name for name in state if name not in known],
    }
    found = [f"{what} {_some(which)}" for what, which in differences.items() if which]
    if found:
        raise StateError(
            f"the state does not fit the model: {'; '.join(found)}. "
            "Build the model with the sizes it had when the state was taken"
        )
    return np.array([_number(state[name], name) for name in names])


def _some(names):
    rest = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return ", ".join(repr(name) for name in names[:3]) + rest


def _number(x, name):
    try:
        return number(x, f"the state's {name!r}")
    except (TypeError, OverflowError) as error:
        raise StateError(f"{error}; the model is unchanged") from None

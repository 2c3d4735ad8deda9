"""What models and compiled functions show in a notebook."""

import re
import xml.etree.ElementTree as ElementTree

import gradloom as gl
from gradloom import Value
from gradloom.nn import MLP, Module


def rows(html):
    """The table's caption, and the words of its rows; it is well-formed and has no script and no id."""
    assert not re.search(r"<script|<style|\bid=", html)
    root = ElementTree.fromstring(html)
    lines = [[cell.text or "" for cell in line] for line in root.find("tbody")]
    for line in root.find("tbody"):  # a heading stands over its column
        assert [cell.get("style") for cell in line] == [cell.get("style") for cell in root.find("thead/tr")]
    return root.find("caption").text, lines


def test_a_model_shows_its_layers():
    shown = MLP(2, [16, 16, 1])._repr_mimebundle_()
    assert shown["text/plain"].startswith("MLP of [Layer of [ReLUNeuron(2)")
    assert rows(shown["text/html"]) == (
        "MLP: 337 parameters",
        [
            ["layers.0", "Layer of [16 x ReLUNeuron(2)]", "48"],
            ["layers.1", "Layer of [16 x ReLUNeuron(16)]", "272"],
            ["layers.2", "Layer of [LinearNeuron(16)]", "17"],
        ],
    )


def test_any_module_and_names_that_are_markup():
    class Odd(Module):
        def __init__(self):
            self.table, self.one = {"<b>": [Value(1.0), Value(2.0)]}, Value(3.0)

    assert rows(Odd()._repr_mimebundle_()["text/html"]) == (
        "Odd: 3 parameters",
        [["table", "dict", "2"], ["one", "Value", "1"]],
    )
    assert rows(Module()._repr_mimebundle_()["text/html"]) == ("Module: 0 parameters", [])

    class Own(Module):
        def parameters(self):
            return [Value(1.0)]

        def __repr__(self):
            return "<i>"

    assert rows(Own()._repr_mimebundle_()["text/html"]) == (
        "Own: 1 parameter",
        [["parameters", "method", "1"]],
    )


def test_a_compiled_function_shows_its_paths():
    def price(x):
        return x * x if x > 1 else -x

    f = gl.grad(price)
    assert rows(f._repr_mimebundle_()["text/html"])[1] == []
    assert "not traced yet" in f._repr_mimebundle_()["text/html"]
    for x in (3.0, 2.0, 0.5):
        f(x)
    caption, lines = rows(f._repr_mimebundle_()["text/html"])
    assert caption == f"{repr(f)[1:-1]}: 2 paths"
    stats = f.stats()
    assert [line[0] for line in lines] == ["(number)", "(number)"]
    assert [int(line[-1]) for line in lines] == [2, 1]
    assert sum(int(line[3]) for line in lines) == stats["instructions"]
    assert sum(int(line[4].replace(",", "")) for line in lines) == stats["bytes"]


def test_a_notebook_chooses_the_kind():
    for shown in (MLP(1, [1]), gl.compile(lambda x: x), Value(1.0).draw()):
        assert set(shown._repr_mimebundle_(include={"text/plain"})) == {"text/plain"}
        assert "text/plain" not in shown._repr_mimebundle_(exclude={"text/plain"})

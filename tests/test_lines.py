"""Source lines: which line of the user's made a Value, where that is recorded."""

import copy
import gc
import linecache
import pickle
import sys
import threading
import weakref
from types import SimpleNamespace

import numpy as np
import pytest

import gradloom as gl
from gradloom import Value, no_grad, primitive, scope, source_lines
from gradloom.compiler.tracing import Tracer
from gradloom.engine import set_tracer
from gradloom.lines import spoken, text_of
from gradloom.nn import MLP, Neuron
from gradloom.scopes import entry, origin


def line_of(v):
    """The line in this file; None where it was not recorded."""
    place = origin(v._trace)[1]
    assert place is None or place[0] == __file__
    return place and place[1]


def here():
    return sys._getframe(1).f_lineno


def running(text, name, **names):
    """What a program leaves, whose lines are known to ``linecache``."""
    linecache.cache[name] = len(text), None, text.splitlines(keepends=True), name
    exec(compile(text, name, "exec"), names)
    return names


# ---- which line
def test_values_know_the_lines_that_made_them():
    x = Value(2.0)
    with source_lines():
        a, first = x * 3, here()
        b = Value(
            a.data,
            label="b",
        )
        c, last = [x + 1 for _ in "ab"][1].tanh(), here()
    after = a * c
    assert [line_of(v) for v in (x, a, b, c, after)] == [None, first, first + 1, last, None]
    assert after._trace == 0
    assert spoken(*origin(a._trace)[1]) == f"line {first} of test_lines.py: a, first = x * 3, here()"


class Mine(Value):
    def __init__(self, x):
        super().__init__(x)  # the line is that of the call


MAKERS = {
    "leaf": lambda x: Value(1.0),
    "label": lambda x: Value(1.0, label="v"),
    "by hand": lambda x: Value(1.0, (x,), "op"),
    "operator": lambda x: 2 ** x,
    "method": lambda x: x.tanh(),
    "math": lambda x: gl.math.sin(x),
    "math of three": lambda x: gl.math.where(x > 0, x, 0.0),
    "sum": lambda x: sum([x, x]),
    "numpy's ufunc": lambda x: np.exp(x),
    "numpy's sum": lambda x: np.array([x, x]).sum(),
    "numpy's mean": lambda x: np.mean(np.array([x, x])),
    "numpy's product": lambda x: np.array([x, x]) @ np.array([x, x]),
    "subclass": lambda x: Mine(1.0),
    "primitive": lambda x: TWICE(x),
    "copy": lambda x: copy.copy(x),
    "deepcopy": lambda x: copy.deepcopy(x * 1.0),
    "pickle": lambda x: pickle.loads(pickle.dumps(x * 1.0)),
    "compiled": lambda x: COMPILED(x),
    "no_grad": no_grad()(lambda x: x * 2),
    "detach": lambda x: x.detach(),
}  # fmt: skip
TWICE = primitive(lambda x: x + x, lambda m, x, r: (2.0,))
COMPILED = gl.compile(lambda x: x * x)


@pytest.mark.parametrize("name", MAKERS)
def test_whatever_makes_a_value(name):
    make, x = MAKERS[name], Value(0.5)
    with source_lines():
        v = make(x)
    assert line_of(v) == make.__code__.co_firstlineno if name != "no_grad" else line_of(v) is not None
    assert line_of(make(x)) is None


def test_what_the_library_computes_belongs_to_the_line_that_called_it():
    with source_lines():
        model, made = MLP(2, [3, 1]), here()
        out, called = model([Value(1.0), 2.0]), here()
    assert {line_of(p) for p in model.parameters()} == {made}
    assert {line_of(v) for v in gl.topological_order(out)} == {made, called}
    assert entry(out._trace)[1] is model.layers[1].neurons[0]


def test_the_demo_is_a_user():
    from gradloom.cli.demo import neuron

    o = neuron()
    assert spoken(*origin(o._trace)[1]).endswith(" of demo.py: o = n.tanh()")
    assert line_of(Value(1.0)) is None


def test_code_that_has_no_file():
    names = running("a = x * 2\nb = a.tanh()\n", "<lesson>", x=Value(1.0))
    assert origin(names["b"]._trace) == (0, None)
    with source_lines():
        names = running("a = x * 2\n\nb = a.tanh()\n", "<lesson>", x=Value(1.0))
    assert spoken(*origin(names["b"]._trace)[1]) == "line 3 of <lesson>: b = a.tanh()"
    del linecache.cache["<lesson>"]
    assert spoken(*origin(names["b"]._trace)[1]) == "line 3 of <lesson>"


# ---- where it is recorded
def test_blocks_nest_and_end_with_an_error():
    def attempt():
        with source_lines():
            with source_lines():
                Value(1.0)
            assert line_of(Value(1.0)) == here()
            raise ValueError("in the block")

    with pytest.raises(ValueError, match="in the block"):
        attempt()
    assert line_of(Value(1.0)) is None


def test_a_decorated_function_that_calls_itself():
    @source_lines()
    def f(x, n):
        return f(x * 2, n - 1) + x if n else x

    x = Value(1.0)
    found = [line_of(v) for v in gl.topological_order(f(x, 2)) if v is not x]
    line = f.__wrapped__.__code__.co_firstlineno + 2
    assert found == [line] * len(found)
    assert line_of(f(x, 0)) is None
    assert line_of(x * 2) is None


def test_blocks_of_generators_may_end_in_any_order():
    def values():
        with source_lines():
            yield Value(1.0)

    one, two = values(), values()
    assert [line_of(next(one)), line_of(next(two))] == [values.__code__.co_firstlineno + 2] * 2
    one.close()
    assert line_of(Value(1.0)) == here()  # the second is open
    two.close()
    assert line_of(Value(1.0)) is None


def test_a_block_closed_in_another_thread_leaves_its_count_alone():
    def values():
        with source_lines():
            yield

    generator, made = values(), []
    next(generator)

    def close():
        generator.close()
        with source_lines():
            made.append(Value(1.0))
        made.append(Value(1.0))

    thread = threading.Thread(target=close)
    thread.start()
    thread.join()
    assert [line_of(v) is None for v in made] == [False, True]
    source_lines().__exit__()  # what is still open here
    assert line_of(Value(1.0)) is None


def test_threads_have_their_own_lines():
    made = []
    with source_lines():
        thread = threading.Thread(target=lambda: made.append(Value(1.0) * 2))
        thread.start()
        thread.join()
        made.append(Value(1.0) * 2)
    assert [line_of(v) is None for v in made] == [True, False]


def test_scopes_and_lines_are_both_known():
    x = Value(2.0)
    with scope("outer"), source_lines():
        a, first = x * 3, here()
        with scope("inner"):
            b, second = a.tanh(), here()
        c, third = b + 1, here()
    with source_lines(), scope("later"):
        d, fourth = c * 2, here()
    assert [line_of(v) for v in (a, b, c, d)] == [first, second, third, fourth]
    assert [entry(v._trace)[1] for v in (a, b, c, d)] == ["outer", "inner", "outer", "later"]
    assert entry(entry(b._trace)[0])[1] == "outer"
    assert x._trace == (x * 1)._trace == 0


def test_pictures_have_the_same_boxes_with_lines_and_without():
    def loss():
        xs = [[Value(0.1 * i), Value(1.0)] for i in range(5)]
        with scope("errors"):
            return sum((model(x) - 0.5) ** 2 for x in xs)

    model = MLP(2, [4, 1], activation="tanh")
    with source_lines():
        noted = loss()
    for options in ({"max_nodes": 30}, {"max_nodes": 400}, {"fold": "all"}):
        assert noted.draw(**options).source == loss().draw(**options).source


def test_a_trace_has_no_lines_and_leaves_them_alone():
    tracer = Tracer(())
    with source_lines():
        before = set_tracer(tracer)
        y = Value(1.0) * 2
        with source_lines():
            z = y * 2
        set_tracer(before)
        after = Value(1.0)
        assert gl.grad(lambda x: x * x + 1)(3.0) == 6.0
    assert y._trace == z._trace == tracer.number
    assert origin(y._trace)[1] is None
    assert line_of(after) == here() - 4


# ---- what is kept
def test_the_nodes_of_a_line_share_one_entry():
    x, ones, twos = Value(1.0), set(), set()
    with source_lines():
        for _ in range(50):
            ones.add((x + 1)._trace)
            twos.add((x + 2)._trace)
    assert len(ones) == len(twos) == 1
    assert ones != twos


def test_lines_are_told_apart_whatever_their_number():
    text = "made = []\n" + "made.append(x + 1)\n" * 1000
    with source_lines():
        made = running(text * 2, "many.py", x=Value(1.0))["made"]
    assert [origin(v._trace)[1] for v in made] == [("many.py", i) for i in range(1003, 2003)]
    assert spoken("many.py", 2002) == "line 2002 of many.py: made.append(x + 1)"


def test_a_constant_is_made_where_its_result_is():
    x = Value(1.0)
    with source_lines():
        y, line = x * 2, here()
    plain = x * 3
    with source_lines():
        assert [line_of(v) for v in (*y.operands, *plain.operands)] == [None, line, None, None]
    with scope("s"):
        z = x * 4
    assert entry(z.operands[1]._trace)[1] == "s"


def test_copies_do_not_carry_the_line_along():
    with source_lines():
        v = Value(2.0) * 3
    for same in (pickle.loads(pickle.dumps(v)), copy.copy(v), copy.deepcopy(v)):
        assert (same.data, line_of(same)) == (6.0, None)


def test_nothing_of_the_caller_is_kept_alive():
    class Thing:
        pass

    def f():
        thing = Thing()
        with source_lines():
            return Value(1.0) * 2, weakref.ref(thing)

    code = compile("y = x * 2\n", "gone.py", "exec")
    with source_lines():
        y, alive = f()
        names = {"x": y}
        exec(code, names)
    gone = sys.getrefcount(code)
    gc.collect()
    assert alive() is None
    assert gone == 2  # the name, and the argument
    assert origin(names["y"]._trace)[1] == ("gone.py", 1)


def test_old_lines_are_forgotten_and_found_anew():
    from gradloom import scopes

    def make():
        return Value(1.0)

    with source_lines():
        old = make()
        for _ in range(scopes.KEPT):
            scopes.enter("new")
            scopes.leave()
        new = make()
    assert origin(old._trace)[1] is None
    assert line_of(new) == make.__code__.co_firstlineno + 1
    assert "made in" not in old.draw().svg
    assert "made in" in new.draw().svg


# ---- what is shown
FOLDER = "/home/me/secret/"
HOSTILE = [
    '<script>alert("1")</script>',
    "</title></text></svg>",
    "]]> <!-- --> &amp; \\N {{rows}} ${x} `",
    "'\"\x01\x7f\x1b[31m",
    "\U0001f469\u200d\U0001f52c \U0001f389 e\u0301",
    "x" * 10_000,
]


@pytest.mark.parametrize("comment", HOSTILE)
def test_a_line_is_shown_as_it_reads_and_is_never_markup(comment, tmp_path):
    import xml.dom.minidom

    with source_lines():
        y = running(f"y = x + 2  # {comment}", FOLDER + "a.py", x=Value(1.0))["y"]
    picture = y.draw()
    (shown,) = (
        title.firstChild.data
        for title in xml.dom.minidom.parseString(picture.svg).getElementsByTagName("title")
        if "data 3.0" in title.firstChild.data
    )
    words = f"data 3.0 | grad 0.0 | made in line 1 of a.py: y = x + 2  # {comment}"
    if len(comment) == 10_000:
        assert len(shown) < 200
        assert shown.endswith("x...")
        assert words.startswith(shown[:-3])
    else:
        assert shown == "".join(c if c.isprintable() or c == "\u200d" else f"\\x{ord(c):02x}" for c in words)
    page = y.explore(tmp_path / "a.html").html
    assert FOLDER not in page + picture.svg
    assert "<script>alert" not in page
    assert "made in" not in str(picture)


@pytest.mark.parametrize("file", ["C:\\me\\a.py", "/me/a.py", "a.py"])
def test_of_a_path_only_the_name_is_told(file):
    assert spoken(file, 3) == "line 3 of a.py"


def test_a_cell_is_called_as_the_notebook_calls_it(monkeypatch):
    cells = {"/tmp/ipykernel_1/123.py": ("Cell", "In[3]")}
    shell = SimpleNamespace(compile=SimpleNamespace(format_code_name=cells.get))
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: shell))
    assert spoken("/tmp/ipykernel_1/123.py", 2) == "line 2 of In[3]"
    assert spoken("/tmp/other.py", 2) == "line 2 of other.py"


def test_a_loader_that_fails_is_no_error(monkeypatch):
    def fail(*_):
        raise RuntimeError

    monkeypatch.setattr(linecache, "getline", fail)
    assert text_of("a.py", 1) == ""


def test_the_pictures_of_the_passes_tell_the_line():
    with source_lines():
        y = Neuron(1)([Value(1.0)])
    assert "made in line" in gl.draw.frames(y)[-1].svg

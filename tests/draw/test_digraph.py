"""``Digraph`` and the engines behind it: PATH empty, a ``dot`` on PATH, neither."""

import os
import shutil
import stat
import sys
import warnings
from pathlib import Path

import graphviz
import pytest

from gradloom import Value
from gradloom.draw import Digraph, draw_dot, layout, trace

PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture
def bare(monkeypatch):
    """No program is on PATH."""
    monkeypatch.setenv("PATH", "")


@pytest.fixture
def system_dot(monkeypatch, tmp_path):
    """A stand-in for Graphviz on PATH; it notes how it was called and knows PDF."""
    if os.name == "nt":
        pytest.skip("the stand-in is a shell script")
    script, log = tmp_path / "bin" / "dot", tmp_path / "calls"
    script.parent.mkdir()
    script.write_text(
        "#!/bin/sh\n"
        f'echo "$*" >> "{log}"\n'
        'case "$*" in\n'
        "  *-Tpdf*) printf '%%PDF-1.7 stand-in' ;;\n"
        f'  *) exec "{layout.bundled_engine()}" "$@" ;;\n'
        "esac\n"
    )
    script.chmod(script.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{script.parent}{os.pathsep}/bin{os.pathsep}/usr/bin")
    return log


def pair():
    dot = Digraph(format="svg", graph_attr={"rankdir": "LR"})
    dot.node("a", label="{ a | data 2.0000 }", shape="record")
    dot.edge("a", "b")
    return dot


# ---- programs written for the graphviz package
def lecture_draw_dot(root):
    """As notebooks write it, but for the import of Digraph."""
    dot = Digraph(format="svg", graph_attr={"rankdir": "LR"})
    nodes, edges = trace(root)
    for n in nodes:
        uid = str(id(n))
        label = f"{{ {n.label} | data {n.data:.4f} | grad {n.grad:.4f} }}"
        dot.node(name=uid, label=label, shape="record")
        if n._op:
            dot.node(name=uid + n._op, label=n._op)
            dot.edge(uid + n._op, uid)
    for n1, n2 in edges:
        dot.edge(str(id(n1)), str(id(n2)) + n2._op)
    return dot


@pytest.mark.usefixtures("bare")
def test_a_notebooks_own_draw_dot():
    a, b = Value(2.0, label="a"), Value(-3.0, label="b")
    L = a * b + 10  # noqa: N806 (as the notebook has it)
    L.backward()
    svg = lecture_draw_dot(L)._repr_mimebundle_()["image/svg+xml"]
    for text in ("data 4.0000", "data &#45;6.0000", "grad &#45;3.0000", "grad 2.0000", "data 10.0000"):
        assert text in svg
    assert svg.count('class="node"') == 5 + 2
    assert svg.count('class="edge"') == 4 + 2


@pytest.mark.usefixtures("bare")
def test_pipe_render_and_display_with_path_empty(tmp_path):
    dot = pair()
    assert isinstance(dot, graphviz.Digraph)
    assert dot.pipe().startswith(b"<?xml")
    assert dot.pipe("png").startswith(PNG)
    assert "<svg" in dot.pipe(encoding="utf-8")
    assert dot._repr_mimebundle_(include=["image/png"])["image/png"].startswith(PNG)
    assert "<svg" in dot._repr_image_svg_xml()
    written = dot.render(tmp_path / "graph", format="png")
    assert Path(written).read_bytes().startswith(PNG)
    outfile = dot.render(outfile=tmp_path / "made" / "it.svg", cleanup=True)
    assert os.listdir(tmp_path / "made") == [os.path.basename(outfile)] == ["it.svg"]
    dot.engine = "neato"
    assert "<svg" in dot.pipe(encoding="utf-8")


@pytest.mark.usefixtures("bare")
def test_view_renders_and_opens(tmp_path, monkeypatch):
    opened = []
    monkeypatch.setattr(Digraph, "_view", lambda self, path, **options: opened.append(path))
    dot = pair()
    assert dot.view(tmp_path / "graph") == opened[0] == str(tmp_path / "graph.svg")
    assert os.path.getsize(opened[0]) > 0


def test_copies_and_subgraphs_are_of_the_same_class():
    dot = pair()
    with dot.subgraph(name="cluster") as inner:
        inner.node("c")
    assert type(dot.copy()) is type(inner) is Digraph
    assert dot.copy().source == dot.source


@pytest.mark.usefixtures("bare")
def test_the_graphviz_package_itself_is_left_as_it_was():
    before = graphviz.backend.dot_command.DOT_BINARY
    pair().pipe()
    with pytest.raises(ValueError, match="pdf"):
        pair().pipe("pdf")
    assert graphviz.backend.dot_command.DOT_BINARY is before
    with pytest.raises(graphviz.ExecutableNotFound):
        graphviz.Digraph().pipe("svg")


# ---- draw_dot
@pytest.mark.parametrize("rankdir", ["LR", "TB", "RL", "BT"])
@pytest.mark.usefixtures("bare")
def test_draw_dot(rankdir):
    x = Value(2.0, label="x")
    y = x * x
    dot = draw_dot(y, rankdir=rankdir)
    assert isinstance(dot, Digraph)
    assert f"rankdir={rankdir}" in dot.source
    assert (dot.format, draw_dot(y, format="png").format) == ("svg", "png")
    assert dot.pipe(encoding="utf-8").count('class="edge"') == 3
    if rankdir == "LR":
        assert dot.source == y.draw().source


# ---- which engine
def test_the_bundled_engine_is_found_without_path(bare):
    assert layout.find_engine() == layout.bundled_engine()
    assert layout.bundled_engine().is_file()


def test_the_bundled_engine_is_found_beside_the_interpreter(bare, monkeypatch, tmp_path):
    shutil.copy(layout.bundled_engine(), tmp_path)
    monkeypatch.setattr(layout.sysconfig, "get_path", lambda *names: str(tmp_path / "nowhere"))
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    assert layout.find_engine().parent == tmp_path
    assert pair().pipe().startswith(b"<?xml")


def test_without_any_engine_the_error_says_what_to_install(bare, monkeypatch, tmp_path):
    monkeypatch.setattr(layout, "bundled_engine", lambda: None)
    picture = Value(1.0, label="a").draw()
    for act in (
        lambda: picture.svg,
        lambda: picture.save(tmp_path / "a.svg"),
        lambda: picture.save(tmp_path / "a.pdf"),
        pair().pipe,
        lambda: pair().render(tmp_path / "b"),
    ):
        with pytest.raises(RuntimeError, match="pip install graphviz-pure"):
            act()
    assert os.listdir(tmp_path) == []
    assert str(picture) == "a | data 1.0000 | grad 0.0000"  # text needs no engine
    picture.save(tmp_path / "a.dot")
    assert (tmp_path / "a.dot").read_text() == picture.source


def test_dot_on_path_comes_first(system_dot, tmp_path):
    assert layout.find_engine() == tmp_path / "bin" / "dot"
    pair().pipe()
    (Value(1.0) + 1).draw().save(tmp_path / "a.png")
    assert [line.split()[:2] for line in system_dot.read_text().splitlines()] == [
        ["-Kdot", "-Tsvg"],
        ["-Kdot", "-Tpng"],
    ]


def test_pdf_where_there_is_dot(system_dot, tmp_path):
    Value(1.0).draw().save(tmp_path / "a.pdf")
    assert (tmp_path / "a.pdf").read_bytes().startswith(b"%PDF")


@pytest.mark.usefixtures("bare")
def test_pdf_where_there_is_none(tmp_path):
    with pytest.raises(ValueError, match=r"\.pdf needs Graphviz .* or save the picture as \.svg or \.png"):
        Value(1.0).draw().save(tmp_path / "a.pdf")
    assert os.listdir(tmp_path) == []
    with pytest.raises(ValueError, match=r"cannot write pdf; install Graphviz .* or choose svg or png"):
        pair().pipe("pdf", quiet=True)


@pytest.mark.usefixtures("bare")
def test_broken_source_is_reported_with_the_engines_words():
    dot = Digraph(format="svg", body=["\ta -> -> b\n"])
    with pytest.raises(RuntimeError, match=r"could not draw the graph; it said: .*syntax error"):
        dot.pipe(quiet=True)


@pytest.mark.usefixtures("bare")
def test_a_picture_warns_of_nothing(capfd):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        x = Value(1.0, label="日本 👩‍🔬")
        x.exp().draw(title="日本").svg  # noqa: B018
    assert capfd.readouterr() == ("", "")

"""The documents are executed: every Python block of README.md and docs/*.md, in order.

The blocks of one document share their names, as in a notebook. What a block prints is compared with
what the document shows: a ```text block right below it, ``# prints ...`` comments, or doctest form.
A picture that it saves and the document shows is compared, too.
Behind ``python``, ``live`` says that the result is one machine's own; any other word is a package
without which the block is not run.

A table whose first two headings are packages, as code, is executed too, after the blocks above it: each of
the two columns, row after row. Where both cells of a row give numbers, these are equal.
"""

import contextlib
import doctest
import importlib.util
import io
import re
import runpy
from itertools import zip_longest
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parents[1]
DOCUMENTS = [p for p in (ROOT / "README.md", *sorted((ROOT / "docs").glob("**/*.md"))) if p.exists()]
FENCE = re.compile(
    r"^```(?P<language>\w*) *(?P<word>\w*)[^\n]*\n(?P<body>.*?)^```$(?P<gap>\n*)", re.MULTILINE | re.DOTALL
)
TABLE = re.compile(r"^(?:\|.*\|\n)+", re.MULTILINE)
CODE = re.compile(r"`([^`]+)`")
LINK = re.compile(r"\]\((?!\w+:|#)([^)#\s]+)")


def python_blocks(text):
    """The Python blocks: line, word, source, and the text shown right below (None if there is none)."""
    fences = list(FENCE.finditer(text))
    for fence, after in zip_longest(fences, fences[1:]):
        shown = None
        if after is not None and after["language"] == "text" and fence.end() == after.start():
            shown = after["body"]
        if fence["language"] in ("python", "pycon"):
            yield text.count("\n", 0, fence.start("body")), fence["word"], fence["body"], shown


def check_block(source, names, where, line):
    """Run a block; return what it printed, or None where doctest has compared it already."""
    if re.search(r"^>>> ", source, re.MULTILINE):
        test = doctest.DocTestParser().get_doctest(source, names, f"{where}:{line}", str(where), line)
        report = io.StringIO()
        doctest.DocTestRunner(verbose=False).run(test, out=report.write, clear_globs=False)
        names.update(test.globs)
        assert not report.getvalue(), report.getvalue()
        return None
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile("\n" * line + source, str(where), "exec"), names)
    return printed.getvalue()


def promises(source):
    """The lines that the comments of a block promise: ``# prints 24.7, the first result``."""
    return re.findall(r"# prints:? (.*)", source)


def keeps(line, promise):
    """Whether a printed line is what was promised; a comment may go on after it."""
    return promise == line or (promise.startswith(line) and promise[len(line)] in " ,;(:" and line)


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_the_code_of_a_document_runs_and_prints_what_it_shows(path, tmp_path, monkeypatch, contents):
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(ROOT / "examples")
    names = {"__name__": path.stem}
    for line, word, source, shown in python_blocks(path.read_text(encoding="utf-8")):
        if word not in ("", "live") and importlib.util.find_spec(word) is None:
            continue
        printed = check_block(source, names, path.name, line)
        if printed is None or word == "live":
            continue
        if shown is not None:
            assert printed == shown, f"{path.name}, line {line}"
        lines = iter(printed.splitlines())
        for promise in promises(source):
            kept = any(keeps(found, promise) for found in lines)
            assert kept, f"{path.name}, line {line}: {promise!r} was not printed, but {printed!r}"
    for picture in tmp_path.glob("*.svg"):  # one that the document shows is the one that its code saves
        if f"]({picture.name})" in path.read_text(encoding="utf-8"):
            kept = path.with_name(picture.name).read_text(encoding="utf-8")
            stale = f"{picture.name} is stale: run the code of {path.name} in docs/"
            assert contents(kept) == contents(picture.read_text(encoding="utf-8")), stale


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_what_a_document_links_to_is_there(path):
    text = FENCE.sub("", path.read_text(encoding="utf-8"))
    missing = [link for link in LINK.findall(text) if not (path.parent / link).exists()]
    assert missing == []


# ---- tables of what is written elsewhere and here
def tables(path):
    """The tables that compare: the line, the packages of both columns, the rows of two cells."""
    text = FENCE.sub(lambda fence: "\n" * fence[0].count("\n"), path.read_text(encoding="utf-8"))
    for table in TABLE.finditer(text):
        head, *rows = (re.split(r"(?<!\\)\|", line)[1:3] for line in table[0].splitlines())
        packages = [CODE.findall(cell) for cell in head]
        if all(packages):
            yield text.count("\n", 0, table.start()), *packages, rows[1:]


TABLES = [pytest.param(path, *table, id=table[1][0]) for path in DOCUMENTS for table in tables(path)]


def run_cell(cell, names):
    """What the last piece of code in a cell gives; None where it is a statement, or there is none."""
    result = None
    for source in CODE.findall(cell.replace("\\|", "|")):
        try:
            code = compile(source, source, "eval")
        except SyntaxError:
            code = compile(source, source, "exec")
        result = eval(code, names)
    return result


def numbers(x):
    """The numbers in a result of any library, in order."""
    if isinstance(x, dict):
        x = list(x.values())
    if isinstance(x, (list, tuple)):
        return [number for part in x for number in numbers(part)]
    x = x.detach() if hasattr(x, "detach") else x
    x = x.data if hasattr(x, "_prev") else x
    return [] if x is None else np.asarray(x, dtype=float).ravel().tolist()


@pytest.mark.filterwarnings("ignore::DeprecationWarning:torch")
@pytest.mark.parametrize(("path", "line", "theirs", "ours", "rows"), TABLES)
def test_what_is_written_elsewhere_and_here_gives_the_same(path, line, theirs, ours, rows):
    for package in ours:
        pytest.importorskip(package)
    there = all(importlib.util.find_spec(package) for package in theirs)
    names = {"__name__": path.stem}
    for at, word, source, _ in python_blocks(path.read_text(encoding="utf-8")):
        if at < line and (word in ("", "live") or importlib.util.find_spec(word)):
            check_block(source, names, path.name, at)
    left, right, compared = dict(names), dict(names), 0
    for their_cell, our_cell in rows:
        expected = numbers(run_cell(their_cell, left)) if there else []
        found = numbers(run_cell(our_cell, right))
        if expected:  # some are float32, some are found by differences
            assert found == pytest.approx(expected, rel=1e-5, abs=1e-7), our_cell
            compared += 1
    assert 2 * compared >= len(rows) or not there


# ---- the picture
def test_the_picture_of_the_compiler_is_not_stale(contents):
    tool = runpy.run_path(str(ROOT / "tools" / "draw_pipeline.py"))
    fresh = tool["pipeline"]().svg
    assert contents(tool["PATH"].read_text(encoding="utf-8")) == contents(fresh), (
        "run: python tools/draw_pipeline.py"
    )
    modules = set(re.findall(r"(\w+\.py)", fresh))
    assert modules
    assert modules <= {path.name for path in (ROOT / "src" / "gradloom" / "compiler").iterdir()}


# ---- the checker checks
def test_blocks_are_found_with_what_they_print():
    text = "# T\n\n```python\nprint(1)\n```\n\n```text\n1\n```\n\n"
    text += "```python torch\nx\n```\nwords\n```text\n2\n```\n"
    assert list(python_blocks("no blocks\n")) == []
    assert list(python_blocks(text)) == [(3, "", "print(1)\n", "1\n"), (11, "torch", "x\n", None)]


def test_a_wrong_promise_is_noticed():
    assert keeps("24.7041", "24.7041, the outcome")
    assert not keeps("24.7041", "24.7")
    assert not keeps("24.7", "24.7041")
    assert not keeps("", "24.7")
    with pytest.raises(AssertionError, match="Expected"):
        check_block(">>> 1 + 1\n3\n", {}, "text", 1)


def test_a_table_is_found_with_its_cells(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("text\n\n| `a` | `b`, `c` | |\n|---|---|---|\n| `1 \\| 2` | words | |\n\n| no | code |\n")
    assert list(tables(page)) == [(2, ["a"], ["b", "c"], [[" `1 \\| 2` ", " words "]])]
    assert run_cell(" `1 \\| 2` ", {}) == 3
    assert run_cell(" `x = 2`, `x * 2` ", {}) == 4
    assert run_cell(" `x = 2` ", {}) is run_cell("words", {}) is None
    assert numbers({"a": [1, (True,)], "b": np.array([2.5])}) == [1.0, 1.0, 2.5]

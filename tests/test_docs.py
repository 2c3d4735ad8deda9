"""The documents are executed: every Python block of README.md and docs/*.md, in order.

The blocks of one document share their names, as in a notebook. What a block prints is compared with
what the document shows: a ```text block right below it, ``# prints ...`` comments, or doctest form.
Behind ``python``, ``live`` says that the result is one machine's own; any other word is a package
without which the block is not run.
"""

import contextlib
import doctest
import importlib.util
import io
import re
from itertools import zip_longest
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
DOCUMENTS = [p for p in (ROOT / "README.md", *sorted((ROOT / "docs").glob("**/*.md"))) if p.exists()]
FENCE = re.compile(
    r"^```(?P<language>\w*) *(?P<word>\w*)[^\n]*\n(?P<body>.*?)^```$(?P<gap>\n*)", re.MULTILINE | re.DOTALL
)
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
def test_the_code_of_a_document_runs_and_prints_what_it_shows(path, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
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


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_what_a_document_links_to_is_there(path):
    text = FENCE.sub("", path.read_text(encoding="utf-8"))
    missing = [link for link in LINK.findall(text) if not (path.parent / link).exists()]
    assert missing == []


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

"""The lesson as a notebook: it is not stale, and it runs, from the first cell to the last."""

import importlib.util
import json
import re
import runpy
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
WRITTEN = ROOT / "docs" / "lesson.ipynb"
TOOL = runpy.run_path(str(ROOT / "tools" / "write_notebook.py"))


def cells():
    return json.loads(WRITTEN.read_text(encoding="utf-8"))["cells"]


def outputs(cell):
    """What a cell printed, and the kinds of what it showed."""
    printed, shown = "", set()
    for output in cell["outputs"]:
        if output["output_type"] == "stream":
            printed += "".join(output["text"])
        else:
            shown |= set(output["data"])
    return printed, shown


def test_the_notebook_is_not_stale():
    assert WRITTEN.read_text(encoding="utf-8") == TOOL["written"](), "run: python tools/write_notebook.py"


def test_it_has_all_of_the_page():
    page = (ROOT / "docs" / "lesson.md").read_text(encoding="utf-8")
    code = [cell for cell in cells() if cell["cell_type"] == "code"]
    assert len(code) == page.count("\n```python")
    assert sum(bool(outputs(cell)[0]) for cell in code) == page.count("\n```text")
    assert sum("image/svg+xml" in outputs(cell)[1] for cell in code) == page.count("\n![")
    headings = [cell["source"][0] for cell in cells() if cell["source"][0].startswith("## ")]
    assert [heading[3] for heading in headings[:9]] == list("123456789")


def test_no_two_pictures_share_an_id():
    found = re.findall(r'\bid=\\"([^"\\]+)\\"', WRITTEN.read_text(encoding="utf-8"))
    assert len(found) > 10
    assert len(set(found)) == len(found)


def test_the_notebook_runs():
    for package in ("nbclient", "ipykernel", "matplotlib"):
        pytest.importorskip(package)
    import nbformat
    from nbclient import NotebookClient

    notebook = nbformat.read(WRITTEN, as_version=4)
    nbformat.validate(notebook)
    missing = [word for word in ("torch",) if importlib.util.find_spec(word) is None]
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = []
            if set(missing).intersection(cell.metadata.get("tags", [])):
                cell.source = ""
    NotebookClient(notebook, timeout=120, kernel_name="python3").execute()
    compared = 0
    for before, after in zip(cells(), notebook.cells, strict=True):
        if (
            before["cell_type"] == "code"
            and after.source
            and "live" not in before["metadata"].get("tags", [])
        ):
            (printed, shown), (prints, shows) = outputs(before), outputs(after)
            assert prints == printed, after.source
            assert not shown or shows & {"image/svg+xml", "image/png"}, after.source
            compared += 1
    assert compared > 30

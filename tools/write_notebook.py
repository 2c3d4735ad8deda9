"""Write ``docs/lesson.ipynb``, the lesson as a notebook: ``python tools/write_notebook.py``.

Takes: ``docs/lesson.md`` and its pictures, which ``tools/write_lesson.py`` wrote.
Gives: a notebook with the same text, code, results and pictures, complete before anything is run.
Promises: nothing in it depends on the machine or the moment. ``tests/test_notebook.py`` runs it, and fails
when it is stale.
"""

import json
import re
from pathlib import Path

DOCS = Path(__file__).parents[1] / "docs"
PIECE = re.compile(
    r"^<!--.*?-->\n+"
    r"|^```python ?(?P<word>\w*)\n(?P<code>.*?)^```\n+"
    r"(?:```text\n(?P<printed>.*?)^```\n+)?(?:!\[(?P<caption>.*?)\]\((?P<picture>.*?)\)\n+)?",
    re.MULTILINE | re.DOTALL,
)
ELSEWHERE = "(What this prints is your machine's own: `gradloom lesson` shows it.)"
HERE = "(What this prints is your machine's own: run it.)"


def notebook():
    """The notebook as a dict, in the format that Jupyter calls 4.5."""
    text = (DOCS / "lesson.md").read_text(encoding="utf-8").replace(ELSEWHERE, HERE)
    cells, end, inline = [], 0, "%matplotlib inline\n"
    for piece in PIECE.finditer(text):
        cells += prose(text[end : piece.start()])
        end = piece.end()
        if piece["code"]:
            code = piece["code"].rstrip()
            if piece["word"] == "matplotlib":  # once, so that Jupyter shows figures
                code, inline = inline + code, ""
            cells.append(
                {
                    "cell_type": "code",
                    "execution_count": None,
                    "metadata": {"tags": [piece["word"]]} if piece["word"] else {},
                    "outputs": list(outputs(piece)),
                    "source": lines(code),
                }
            )
    cells += prose(text[end:])
    for i, cell in enumerate(cells):
        cell["id"] = f"cell-{i}"
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    metadata = {"kernelspec": kernel, "language_info": {"name": "python"}}
    return {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}


def prose(text):
    """Text between two blocks of code, a cell for each step's heading."""
    parts = [part.strip() for part in re.split(r"^(?=##? )", text, flags=re.MULTILINE)]
    return [{"cell_type": "markdown", "metadata": {}, "source": lines(part)} for part in parts if part]


def outputs(piece):
    """What stands below a block of code: what it printed, what it drew."""
    if piece["printed"]:
        yield {"name": "stdout", "output_type": "stream", "text": lines(piece["printed"])}
    if piece["picture"]:
        svg = (DOCS / piece["picture"]).read_text(encoding="utf-8")
        data = {
            "image/svg+xml": lines(own_ids(svg[svg.index("<svg") :], Path(piece["picture"]).stem)),
            "text/plain": [piece["caption"]],
        }
        yield {"data": data, "execution_count": None, "metadata": {}, "output_type": "execute_result"}


def own_ids(svg, name):
    """The picture with ids that no other picture in the notebook has."""
    return re.sub(r'(\bid="|href="#|url\(#)(?=[\w.-])', rf"\g<1>{name}-", svg)


def lines(text):
    return text.splitlines(keepends=True)


def written():
    """The text of the file."""
    return json.dumps(notebook(), indent=1, ensure_ascii=False, sort_keys=True) + "\n"


if __name__ == "__main__":
    (DOCS / "lesson.ipynb").write_text(written(), encoding="utf-8")

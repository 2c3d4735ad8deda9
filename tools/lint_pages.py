"""Lint the scripts of the pages: ``python tools/lint_pages.py``.

Takes: ``oxlint``, which comes with the extra ``dev``.
Gives: one line for each thing that it finds, with the file and line where it stands; then the exit code is 1.
Promises: what is linted is what a page runs: its scripts one after the other, behind the data and the rows of
the whole table. So a name that no script has is found, and one that none uses.
"""

import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from gradloom.draw import explorer
from gradloom.draw.document import PAGE
from gradloom.draw.javascript import rows_as_javascript
from gradloom.film import recorder
from gradloom.ops import TABLE

ROWS = rows_as_javascript(list(TABLE.values()))  # what is printed has a style of its own
DATA = f"const GRAPH = {{}};\n/* oxlint-disable */\n{ROWS}/* oxlint-enable */\n"
PAGES = {
    "explorer": (DATA, explorer._SCRIPTS),
    "film": ("const FILM = {};\n", recorder._SCRIPTS),
}
STRICT = ("no-undef", "no-redeclare", "no-var", "prefer-const", "eqeqeq", "no-else-return", "no-lonely-if")
TASTE = ("unicorn/consistent-function-scoping", "unicorn/no-array-sort", "unicorn/no-array-reverse")
SETTINGS = {
    "plugins": ["eslint", "oxc", "unicorn"],
    "categories": {"correctness": "error", "suspicious": "error", "perf": "error"},
    "env": {"browser": True, "es2024": True},
    "rules": {
        **dict.fromkeys(STRICT, "error"),
        "oxc/number-arg-out-of-range": "off",  # toFixed takes 100 since 2018
        "no-shadow": "off",  # all files share one scope: short names would run out
        **dict.fromkeys(TASTE, "off"),
    },
}
FOUND = re.compile(r"(\w+)\.js:(\d+):(\d+): (.*)")


def findings(folder):
    """What there is to say of each page, in the words of oxlint."""
    for name, (data, scripts) in PAGES.items():
        texts = {"data": data} | {f"{script}.js": read(script) for script in scripts}
        Path(folder, f"{name}.js").write_text("".join(texts.values()), encoding="utf-8")
        places = [(file, i + 1) for file, text in texts.items() for i in range(text.count("\n"))]
        for line, column, message in run(folder, f"{name}.js"):
            file, at = places[line - 1]
            yield f"{file}:{at}:{column}: {message} (in the page {name})"


def read(script):
    return (PAGE / f"{script}.js").read_text(encoding="utf-8")


def run(folder, file):
    Path(folder, ".oxlintrc.json").write_text(json.dumps(SETTINGS), encoding="utf-8")
    program = Path(sys.executable).with_name("oxlint")
    try:
        done = subprocess.run([program, "--format=unix", file], cwd=folder, capture_output=True, text=True)
    except FileNotFoundError:
        sys.exit('oxlint is not here; run: python -m pip install ".[dev]" (make check does it by itself)')
    found = [(int(x[2]), int(x[3]), x[4]) for x in FOUND.finditer(done.stdout)]
    if done.returncode and not found:
        sys.exit(done.stdout + done.stderr)
    return found


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        lines = list(findings(folder))
    print(*lines or ["the scripts of the pages are clean"], sep="\n")
    sys.exit(bool(lines))

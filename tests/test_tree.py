"""The tree drawn in ``gradloom.__doc__`` is true: imports run only upwards in it, and stay light."""

import ast
import graphlib
import importlib
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

import gradloom

SOURCE = Path(__file__).parents[1] / "src" / "gradloom"
OPTIONAL = {"matplotlib", "rich", "sklearn"}  # of the extras: imported where they are used
DRAWN = re.findall(r"^    ((?:\w+, )*\w+)/?   ", gradloom.__doc__.partition("::\n")[2], re.MULTILINE)
ORDER = [name for line in DRAWN for name in line.split(", ") if name != "_native"]
FILES = {
    ".".join(path.relative_to(SOURCE).with_suffix("").parts): ast.parse(path.read_text(encoding="utf-8"))
    for path in sorted(SOURCE.rglob("*.py"))
}
# The package itself gives the public names; the native twin belongs to engine.
MODULES = [name for name in FILES if name != "__init__" and not name.startswith("_native")]


def imported(tree):
    """Every module named by an import anywhere in a file, ``from a import b`` as ``a.b``."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "write the whole name: from gradloom.x import y"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def dependencies(module):
    """The files of the package that ``module`` imports, by their names in ``FILES``."""
    for name in imported(FILES[module]):
        package, _, rest = name.partition(".")
        if package == "gradloom" and rest != "__version__":
            parts = rest.split(".")
            tries = [".".join(parts[:n]) for n in range(len(parts), 0, -1)]
            yield next((t for t in tries for t in (t, f"{t}.__init__") if t in FILES), rest)


def branch(module):
    """The branch of the tree on which a file sits: a package is one branch."""
    name = module.partition(".")[0]
    return "cli" if name == "__main__" else name


def test_every_file_is_in_the_drawn_tree():
    assert ORDER[:4] == ["errors", "ops", "arithmetic", "engine"]
    assert sorted({branch(module) for module in MODULES}) == sorted(ORDER)


@pytest.mark.parametrize("module", MODULES)
def test_imports_run_only_up_the_tree(module):
    here = ORDER.index(branch(module))
    for name in dependencies(module):
        if branch(module) in ("engine", "scopes", "draw", "compiler") and name.startswith("_native"):
            continue
        assert branch(name) in ORDER[: here + 1], f"{module} imports {name}"
        assert ORDER.index(branch(name)) < here or "." in module or module == "__main__"


def test_no_two_files_import_each_other():
    graph = {m: {d for d in dependencies(m) if d != m and not d.startswith("_native")} for m in MODULES}
    graphlib.TopologicalSorter(graph).prepare()


def test_the_table_and_its_generator_need_only_the_standard_library():
    for module in ("ops", "errors", "_native.generate"):
        assert {name.partition(".")[0] for name in imported(FILES[module])} <= sys.stdlib_module_names


@pytest.mark.parametrize("module", FILES)
def test_optional_packages_are_imported_where_they_are_used(module):
    top = ast.Module([node for node in FILES[module].body if not isinstance(node, ast.If)], [])
    for node in ast.walk(top):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            node.body = []
    assert not OPTIONAL & {name.partition(".")[0] for name in imported(top)}


def test_import_gradloom_is_light():
    program = "import sys, gradloom; print(*sorted({name.partition('.')[0] for name in sys.modules}))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert {"gradloom", "numpy"} <= loaded
    assert not loaded & (OPTIONAL | {"scipy", "torch", "micrograd", "IPython"})


def test_who_never_compiles_never_loads_the_compiler():
    program = (
        "import sys, gradloom as gl; x = gl.Value(2.0); (x * x).backward(); x.draw(); "
        "print(any(name.startswith('gradloom.compiler') for name in sys.modules)); gl.grad; "
        "print('gradloom.compiler.transforms' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "True"]


# ---- public names
@pytest.mark.parametrize("module", [m for m in MODULES if "__all__" in ast.dump(FILES[m])])
def test_the_names_that_a_module_lists_exist(module):
    loaded = importlib.import_module(f"gradloom.{module}".removesuffix(".__init__"))
    assert len(set(loaded.__all__)) == len(loaded.__all__)
    assert [name for name in loaded.__all__ if not hasattr(loaded, name)] == []


def test_the_packages_names_are_listed_and_no_others_are_public():
    names = gradloom.__all__
    assert names == sorted(set(names))
    public = {name for name, x in vars(gradloom).items() if name[0] != "_" and not isinstance(x, ModuleType)}
    assert public <= set(names)
    assert {"Value", "gradcheck", "math", "nn", "no_grad", "optim", "primitive", "slope"} <= set(names)
    star = {}
    exec("from gradloom import *", star)
    assert set(names) <= set(star)

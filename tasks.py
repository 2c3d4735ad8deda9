"""The project's commands: ``python tasks.py demo | test | check | bench | sanitize``.

Takes: a Python 3.11 or later and the checkout this file stands in; nothing has to be installed.
Gives: each command makes (or brings up to date) the virtual environment ``.venv`` in the checkout,
installs the project into it, and does its work there. ``make demo`` and so on call this file.
"""

import hashlib
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import tomllib
import venv

ROOT = pathlib.Path(__file__).resolve().parent
VENV = ROOT / ".venv"
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
PYTHON = BIN / ("python.exe" if os.name == "nt" else "python")
BUILD_TOOLS = ("meson-python>=0.16", "meson>=1.2", "ninja", "Cython>=3.0")
SETTINGS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
SMOKE = (
    "from gradloom import Value; a = Value(2.0); (a * a + 1).backward(); assert a.grad == 4.0; "
    "assert '<svg' in (a * a).draw().svg; import os, tempfile; folder = tempfile.mkdtemp(); "
    "assert (a * a).explore(os.path.join(folder, 'a.html')).html; "
    "import gradloom as gl, gradloom.engine as e; "
    "assert gl.grad(lambda x: x * x)(3.0) == 6.0; print('smoke test passed:', e.ENGINE)"
)


def run(*command, **environment):
    """Run one command with the environment's programs first on the PATH; stop if it fails."""
    path = f"{BIN}{os.pathsep}{os.environ.get('PATH', '')}"
    words = [str(word) for word in command]
    print("$", " ".join(words), flush=True)
    done = subprocess.run(words, cwd=ROOT, env={**os.environ, "PATH": path, **environment}, check=False)
    if done.returncode:
        sys.exit(done.returncode)


def sources():
    """Everything that the installed package is made from."""
    yield from (ROOT / name for name in ("meson.build", "meson.options", "pyproject.toml"))
    yield from sorted(p for p in (ROOT / "src").rglob("*") if p.is_file() and "__pycache__" not in p.parts)


def requirements(extra):
    """The packages that build the project and that it needs with an extra."""
    found = [*SETTINGS["build-system"]["requires"], "ninja", *SETTINGS["project"]["dependencies"]]
    for line in SETTINGS["project"]["optional-dependencies"][extra]:
        inner = re.fullmatch(r"gradloom\[(\w+)\]", line)
        found += requirements(inner[1]) if inner else [line]
    return list(dict.fromkeys(found))


def install(extra, *options):
    """Bring ``.venv`` up to date: the project as it stands, with the packages of ``extra``."""
    if not PYTHON.exists():
        venv.create(VENV, with_pip=True)
    digest = hashlib.sha256("".join(options).encode())
    for path in sources():
        digest.update(path.relative_to(ROOT).as_posix().encode() + path.read_bytes())
    state = digest.hexdigest()
    pip = (PYTHON, "-m", "pip", "install", "--quiet", "--disable-pip-version-check")
    packages, built = VENV / f"packages-{extra}", VENV / "built"
    wanted = " ".join(requirements(extra))
    if not packages.exists() or packages.read_text() != wanted:
        run(*pip, *wanted.split(" "))
        packages.write_text(wanted)
    if not built.exists() or built.read_text() != state:
        print("building the project; its native parts take a minute", flush=True)
        run(*pip, "--no-build-isolation", "--no-deps", "--force-reinstall", *options, ".")
        built.write_text(state)


def demo():
    """Train, draw, and say what was made."""
    install("demo")
    run(PYTHON, "-m", "gradloom", "demo", *sys.argv[2:])


def test():
    """The tests on the native engine and on the plain one."""
    install("test")
    run(PYTHON, "-m", "pytest", *sys.argv[2:])
    run(PYTHON, "-m", "pytest", *sys.argv[2:], GRADLOOM_PURE="1")


def check():
    """Style, types, generated files; the source distribution and the wheel in an empty environment."""
    install("dev")
    run(PYTHON, "-m", "ruff", "check", ".")
    run(PYTHON, "tools/lint_pages.py")
    run(PYTHON, "tools/stubs.py", "--check")
    run(PYTHON, "-m", "mypy")
    run(PYTHON, "-m", "pytest", "tests/test_stubs.py")
    with tempfile.TemporaryDirectory() as folder:
        run(PYTHON, "-m", "build", "--outdir", folder, ".")
        for pattern in ("*.whl", "*.tar.gz"):
            (package,) = pathlib.Path(folder).glob(pattern)
            empty = pathlib.Path(folder) / pattern.strip("*.")
            venv.create(empty, with_pip=True)
            python = empty / PYTHON.relative_to(VENV)
            run(python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", package)
            run(python, "-I", "-c", SMOKE)


def bench():
    """The benchmarks against peers; their tables and plots go into ``benchmarks/results``."""
    install("bench")
    if not {"--only", "--growth"}.intersection(sys.argv):
        run(PYTHON, "benchmarks/eager.py", *sys.argv[2:])
    run(PYTHON, "benchmarks/compiled.py", *sys.argv[2:])


def sanitize():
    """The native engine's tests under an address sanitizer (gcc or clang), nodes outside slabs."""
    flags = "-fsanitize=address -fno-omit-frame-pointer -g -O1"
    install("test", "-Csetup-args=-Dslabs=false", f"-Csetup-args=-Dc_args={flags}",
            f"-Csetup-args=-Dc_link_args={flags}")  # fmt: skip
    # The C++ runtime with it: the sanitizer looks for it at the start, and other packages bring it later.
    libraries = [
        subprocess.check_output(["gcc", f"-print-file-name={name}"], text=True).strip()
        for name in ("libasan.so", "libstdc++.so")
    ]
    run(PYTHON, "-m", "pytest", *sys.argv[2:],
        LD_PRELOAD=" ".join(libraries), ASAN_OPTIONS="detect_leaks=0", PYTHONMALLOC="malloc")  # fmt: skip


COMMANDS = {function.__name__: function for function in (demo, test, check, bench, sanitize)}

if __name__ == "__main__":
    if len(sys.argv) < 2 or sys.argv[1] not in COMMANDS:
        lines = (f"  {name:10}{function.__doc__}" for name, function in COMMANDS.items())
        sys.exit("\n".join(["python tasks.py COMMAND", *lines]))
    COMMANDS[sys.argv[1]]()

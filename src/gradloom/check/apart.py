"""A learner's file, run in a process of its own, which is ended when it does not answer.

Takes: the path of a file of Python or of a notebook, and the name of the class in it.
Gives: ``trials_of_file``, the Results as they come.
Promises: whatever the file does (loop for ever, end its process, wait for input), this returns. The file
runs as an imported module does: what stands below ``if __name__ == "__main__"`` does not. What it prints is
swallowed.
"""

import contextlib
import multiprocessing
import os
import signal
import sys
import traceback
import types
from collections.abc import Iterator

from gradloom.check.source import FileProblem, pieces
from gradloom.check.step import TooLong
from gradloom.check.trial import SECONDS, STEPS, STILL, Result, ended_by, limited, trials

__all__ = ["FileProblem", "trials_of_file"]

LOADING = 10.0  # seconds for what the file does by itself
GRACE = 3.0  # seconds more than that, and than a step has, before a process that does not answer is ended
ENDED = 3  # after so many processes that had to be ended, the other steps are left out


def trials_of_file(
    path: str, name: str = "Value", seconds: float = SECONDS, loading: float = LOADING
) -> Iterator[Result]:
    """Run each row of the table on the class ``name`` of a file; yield the Results as they come.

    Parameters
    ----------
    path : str
        A file of Python, or a notebook, whose cells of code are run in order.
    name : str
        The class.
    seconds, loading : float
        The time for one step, and for running the file.

    Raises
    ------
    FileProblem
        The file raises, does not end, or has no such class; the message shows where.
    OSError
        The file cannot be read.
    """
    pieces(path)  # a file that cannot be read is Python's own error
    done, earlier, ended = 0, False, 0
    while done < len(STEPS):
        if ended == ENDED:
            raise FileProblem(f"{ended} steps had to be ended, and the others are left out; mend these first")
        for message in _messages((path, name, seconds, loading, done, earlier), seconds, loading):
            if isinstance(message, FileProblem):
                raise message
            if isinstance(message, BaseException):
                message, ended = ended_by(STEPS[done], message, earlier), ended + 1
            done, earlier = done + 1, earlier or message.state == "wrong"
            yield message


# ---- on this side: a process, and what it says
def _messages(arguments, seconds, loading):
    """Results; unless all were run, at the end the error that ended the process. Or a FileProblem."""
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe(duplex=False)
    process = context.Process(target=_serve, args=(there, *arguments))
    process.start()
    there.close()
    started = loaded = False
    error: BaseException
    try:
        while here.poll(seconds + GRACE if loaded else loading + GRACE if started else None):
            message = here.recv()
            if message == "started":
                started = True
            elif message == "loaded":
                loaded = True
            elif message == "finished":
                return
            else:
                yield message
        error = TooLong(f"{STILL} {(seconds if loaded else loading) + GRACE:g} s")
    except EOFError:
        process.join()
        error = SystemExit(process.exitcode)
    finally:
        process.kill()
        process.join()
        here.close()
    how = error if isinstance(error, TooLong) else f"ending the process with exit code {error}"
    yield error if loaded else FileProblem(f"{arguments[0]} is {how}.\n{_GUARD}")


_GUARD = 'What trains, draws or asks belongs below `if __name__ == "__main__":`.'


# ---- on the other side
def _serve(pipe, path, name, seconds, loading, first, earlier):
    """Run the file, then its rows, and send what comes of them."""
    pipe.send("started")
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the other side's affair
    _silence()
    try:
        kind = _class(path, name, loading)
    except FileProblem as problem:
        pipe.send(problem)
        return
    pipe.send("loaded")
    with contextlib.suppress(BrokenPipeError):  # nobody listens any more
        for result in trials(kind, seconds, first, earlier):
            pipe.send(result)
        pipe.send("finished")
    os._exit(0)  # threads of the file's own do not keep this process


def _silence():
    """Nothing to read, and nowhere to write, for the file and for what it starts."""
    null = os.open(os.devnull, os.O_RDWR)
    for descriptor in 0, 1, 2:
        os.dup2(null, descriptor)
    sys.stdin = open(os.devnull, encoding="utf-8")  # noqa: SIM115
    sys.stdout = sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115


def _class(path, name, loading):
    """The class ``name`` of the file, which is run."""
    module = types.ModuleType("engine_under_check")
    module.__file__ = path
    sys.modules[module.__name__] = module
    sys.path.insert(0, os.path.dirname(os.path.abspath(path)))
    sys.argv = [path]
    try:
        with limited(loading):
            for part, source in pieces(path):
                exec(compile(source, part, "exec"), vars(module))
    except TooLong as error:
        raise FileProblem(f"{path} is {_shown(error, path)}\n{_GUARD}") from None
    except (Exception, SystemExit) as error:
        raise FileProblem(f"{path} cannot be run:\n\n{_shown(error, path)}") from None
    kind = getattr(module, name, None)
    if not isinstance(kind, type):
        classes = [key for key, x in vars(module).items() if isinstance(x, type) and key[0] != "_"]
        there = f"it has {', '.join(classes)}: choose with --name" if classes else "it has no class at all"
        raise FileProblem(f"{path} has no class named {name}; {there}")
    return kind


def _shown(error, path):
    """The error as Python shows it, from the file's first line on."""
    shown = traceback.TracebackException.from_exception(error)
    frames = list(shown.stack)
    parts = {part for part, _ in pieces(path)}
    here = [i for i, frame in enumerate(frames) if frame.filename in parts]
    if isinstance(error, TooLong):
        line = frames[here[-1]]
        cell = line.filename.removeprefix(path).removeprefix(",")
        return f"{error}, in{cell + ',' if cell else ''} line {line.lineno}: {line.line}"
    shown.stack = traceback.StackSummary.from_list(frames[here[0] :] if here else [])
    return "".join(shown.format()).rstrip()

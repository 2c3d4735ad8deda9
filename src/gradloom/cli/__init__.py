"""The command line: ``gradloom``, or ``python -m gradloom``.

Takes: the words after the command.
Gives: ``main``, which runs one of the commands and returns the exit status: 0, 1 for an error whose
message says what to do, 2 for words that argparse does not know, 130 after Ctrl-C.
Promises: each command is imported when it is asked for; output survives a console that knows only
ASCII, where any other character is written as its number.
"""

import argparse
import os
import sys

from gradloom import __version__
from gradloom.errors import GradloomError

__all__ = ["main"]


def _demo(args):
    from gradloom.cli.demo import run

    return run(args.out)


def _lesson(args):
    from gradloom.cli.lesson import run

    return run(all_steps=args.all, save=args.save, quiz=args.quiz)


def _check(args):
    from gradloom.cli.check import run

    return run(args.file, name=args.name, seconds=args.seconds)


def _info(args):
    from gradloom.cli.info import run

    return run()


def _seconds(text):
    seconds = float(text)
    if not 0.0 < seconds <= 3600.0:
        raise ValueError  # argparse says which argument, and what stood there
    return seconds


def _parser():
    parser = argparse.ArgumentParser(
        prog="gradloom", description="Exact gradients of plain scalar Python, and pictures of them."
    )
    parser.add_argument("--version", action="version", version=f"gradloom {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")

    demo = commands.add_parser("demo", help="train two small networks and draw what they learned")
    demo.add_argument(
        "--out", metavar="DIR", default="gradloom-demo", help="the folder for the pictures (%(default)s)"
    )
    demo.set_defaults(command=_demo)

    lesson = commands.add_parser("lesson", help="back-propagation step by step, with numbers and pictures")
    lesson.add_argument("--all", action="store_true", help="all steps without stopping")
    lesson.add_argument("--save", metavar="DIR", help="keep the pictures and numbers in this folder")
    lesson.add_argument("--quiz", action="store_true", help="ask for the numbers before they are shown")
    lesson.set_defaults(command=_lesson)

    check = commands.add_parser("check", help="the lesson's numbers on your own Value, and the likely causes")
    check.add_argument("file", metavar="FILE", help="the file with the class: .py, or a notebook")
    check.add_argument("--name", metavar="NAME", default="Value", help="the class in it (%(default)s)")
    check.add_argument(
        "--seconds", metavar="S", type=_seconds, default=3.0, help="the time for one step (%(default)s)"
    )
    check.set_defaults(command=_check)

    info = commands.add_parser("info", help="versions, and which engines are in use and why")
    info.set_defaults(command=_info)
    return parser


def main(argv=None):
    """Run the command in ``argv`` (by default the words of the command line); the exit status."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    parser = _parser()
    args = parser.parse_args(argv)
    if not hasattr(args, "command"):
        parser.print_help()
        return 0
    try:
        status = args.command(args)
        sys.stdout.flush()
        return status
    except BrokenPipeError:  # the reader has seen enough: gradloom lesson --all | head
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except (GradloomError, OSError) as error:
        print(f"gradloom: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("gradloom: stopped", file=sys.stderr)
        return 130

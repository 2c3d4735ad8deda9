"""Whether what a pass is about to write fits into memory: asked before it begins, not when the machine swaps.

Takes: how many instructions there will be, and the bytes that the pass takes for each.
Gives: ``ensure``, which raises a MemoryError with the figures and the next step; ``available``.
Promises: nothing is asked below a million instructions. What cannot be found out stops nobody.
"""

from pathlib import Path

__all__ = ["MOST", "available", "ensure"]

MOST = 1 << 28
"""Instructions of a Program: the words of its vectors are numbered by int32."""
ASKED = 1 << 20
_MEMINFO, _LIMIT, _USED = (
    Path(name) for name in ("/proc/meminfo", "/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory.current")
)


def ensure(instructions: int, each: int) -> None:
    """Raise a MemoryError unless so many ``instructions`` of ``each`` bytes fit."""
    if instructions < ASKED:
        return
    cure = "map over rows with gradloom.vmap instead of writing them out, or compile fewer steps and loop"
    if instructions > MOST:
        raise MemoryError(f"a Program has at most {MOST:,} instructions, and this one more: {cure}")
    need, free = instructions * each, available()
    if free is not None and need > free:
        raise MemoryError(
            f"a Program of up to {instructions:,} instructions takes {need / 1e9:,.1f} GB more at this step "
            f"({each} bytes each), and {free / 1e9:,.1f} GB are free: {cure}"
        )


def available() -> int | None:
    """The bytes that this process may still take; None where the system does not tell."""
    try:
        lines = dict(line.split(":") for line in _MEMINFO.read_text().splitlines())
        free = int(lines["MemAvailable"].split()[0]) << 10
    except (OSError, KeyError, ValueError):
        return None
    try:  # in a container
        return min(free, int(_LIMIT.read_text()) - int(_USED.read_text()))
    except (OSError, ValueError):
        return free

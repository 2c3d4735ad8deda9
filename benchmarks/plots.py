"""The benchmarks' pictures.

Takes: seconds by program and contender; costs per node by family.
Gives: ``compared`` (each contender's time, and in calls of ours) and ``growth`` (two panels), as SVG.
"""

import statistics

import matplotlib

matplotlib.use("svg")
import matplotlib.pyplot as plt
from racing import clock, times

COLOURS = {"Gradloom": "#1f6feb", "JAX": "#e8883a", "CasADi": "#3a9d5d"}


def colour(label):
    return next((c for name, c in COLOURS.items() if label.startswith(name)), "#8a8f98")


def compared(measured, ours, path, caption):
    """A panel for each program: the time of one call by each contender, on a logarithmic axis."""
    heights = [len(seconds) for seconds in measured.values()]
    size = (9.0, 0.33 * sum(heights) + 0.75 * len(heights))
    figure, axes = plt.subplots(
        len(heights),
        1,
        figsize=size,
        squeeze=False,
        gridspec_kw={"height_ratios": heights},
        layout="constrained",
    )
    for axis, (title, seconds) in zip(axes.flat, measured.items(), strict=True):
        labels = list(seconds)
        medians = [statistics.median(seconds[label]) * 1e6 for label in labels]
        axis.hlines(labels, min(medians) / 2.0, medians, color="#d5dae0", lw=1)
        axis.scatter(medians, labels, color=[colour(label) for label in labels], s=40, zorder=2)
        base = medians[labels.index(ours)]
        for i, x in enumerate(medians):
            text = clock([x * 1e-6]) + ("" if labels[i] == ours else f"   {times(x / base)}")
            axis.text(x * 1.12, i, text, va="center", fontsize=8)
        axis.set_xscale("log")
        axis.set_ylim(-0.6, len(labels) - 0.4)
        axis.minorticks_off()
        axis.set_xlim(min(medians) / 2.0, max(medians) * 12.0)
        axis.invert_yaxis()
        axis.set_title(title, loc="left", fontsize=10)
        axis.tick_params(labelsize=8)
        axis.spines[["top", "right"]].set_visible(False)
    figure.supxlabel(f"microseconds a call\n{caption}", fontsize=7)
    _save(figure, path)


def growth(curves, path, caption):
    """Run time and build time per node against the number of nodes."""
    figure, axes = plt.subplots(1, 2, figsize=(9.0, 3.8), layout="constrained")
    for title, points in curves.items():
        nodes, run, build = zip(*points, strict=True)
        axes[0].loglog(nodes, [x * 1e9 for x in run], "o-", label=title)
        axes[1].loglog(nodes, [x * 1e9 for x in build], "o-", label=title)
    for axis, words in zip(axes, ("run: ns a node", "build: ns a node"), strict=True):
        axis.set_xlabel("nodes of the eager graph")
        axis.set_title(words, loc="left", fontsize=10)
        axis.spines[["top", "right"]].set_visible(False)
        axis.grid(alpha=0.3, which="both")
        low, high = axis.get_ylim()
        axis.set_ylim(low / 2.0, high * 2.0)
    axes[0].legend(fontsize=8)
    figure.supxlabel(caption, fontsize=7)
    _save(figure, path)


def _save(figure, path):
    path.parent.mkdir(exist_ok=True)
    figure.savefig(path, metadata={"Date": None})
    plt.close(figure)
    print(f"drawn: {path.relative_to(path.parents[2])}")

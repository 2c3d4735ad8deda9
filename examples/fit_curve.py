"""Scalar functions in SciPy: derivatives for its solvers, from the functions as they are.

    python examples/fit_curve.py [--out fit_curve.png]

A damped oscillation is measured with noise, and its four constants are found again: by least squares with
the Jacobian, and by minimising with the gradient, the Hessian and Hessian-vector products. Then a root of
two equations, and a stiff chemical reaction over eleven decades of time.
"""

import argparse

import numpy as np
from scipy.integrate import solve_ivp
from scipy.optimize import least_squares, minimize, root

import gradloom as gl
from gradloom import math

TRUTH = np.array([2.0, 0.35, 3.0, 0.5])  # height, damping, frequency, phase
START = np.array([1.5, 0.2, 2.8, 0.3])


def oscillation(x, t):
    """The height at time ``t`` for the constants ``x``: plain scalar Python."""
    height, damping, frequency, phase = x
    return height * math.exp(-damping * t) * math.cos(frequency * t + phase)


def measured(seed=1):
    """80 times, and the heights there with noise."""
    times = np.linspace(0.0, 6.0, 80)
    heights = [oscillation(TRUTH, t) for t in times]
    return times, heights + np.random.default_rng(seed).normal(0.0, 0.1, len(times))


def residuals(x, times, heights):
    return [oscillation(x, t) - y for t, y in zip(times, heights, strict=True)]


def misfit(x, times, heights):
    """Half the sum of squares; a distance beyond 0.5 counts no more than in proportion (Huber)."""
    total = 0.0
    for r in residuals(x, times, heights):
        size = abs(r)
        total += 0.5 * r * r if size < 0.5 else 0.5 * (size - 0.25)
    return total


def crossing(x):
    """Zero where the circle of radius 2 meets the curve y = exp(x) - 1."""
    return [x[0] * x[0] + x[1] * x[1] - 4.0, x[1] - math.exp(x[0]) + 1.0]


def reaction(t, y):
    """Robertson's three substances: rates that differ by nine powers of ten."""
    slow, fast, middle = 0.04 * y[0], 3e7 * y[1] * y[1], 1e4 * y[1] * y[2]
    return [middle - slow, slow - middle - fast, fast]


def fits(times, heights):
    """{method: the constants that it found}."""
    args = times, heights
    value_and_slope = gl.value_and_grad(misfit)
    found = {
        "least_squares, jac": least_squares(residuals, START, jac=gl.jacobian(residuals), args=args),
        "minimize BFGS, jac": minimize(value_and_slope, START, jac=True, args=args, method="BFGS"),
        "minimize trust-exact, hess": minimize(
            value_and_slope, START, jac=True, hess=gl.hessian(misfit), args=args, method="trust-exact"
        ),
        "minimize trust-ncg, hessp": minimize(
            value_and_slope, START, jac=True, hessp=gl.hvp(misfit), args=args, method="trust-ncg"
        ),
    }
    return {name: result.x for name, result in found.items()}


def draw(path, times, heights, constants, solution):
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10, 3.8), layout="constrained")
    left, right = figure.subplots(1, 2)
    fine = np.linspace(times[0], times[-1], 400)
    left.plot(times, heights, "o", ms=4, color="#d0661a", label="measured")
    left.plot(fine, [oscillation(constants, t) for t in fine], color="#2f6db3", label="found again")
    left.set(title="A damped oscillation", xlabel="time")
    left.legend(frameon=False)
    for y, scale, name in zip(solution.y, (1.0, 1e4, 1.0), ("A", "B, times 10,000", "C"), strict=True):
        right.semilogx(solution.t[1:], scale * y[1:], label=name)
    right.set(title="A stiff reaction", xlabel="time", ylabel="concentration")
    right.legend(frameon=False)
    for axes in (left, right):
        axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, dpi=130)


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--out", default="fit_curve.png", help="the picture (default %(default)s)")
    out = options.parse_args().out
    times, heights = measured()
    print(f"{'the truth':28} {np.round(TRUTH, 4)}")
    found = fits(times, heights)
    for name, x in found.items():
        print(f"{name:28} {np.round(x, 4)}")
    meeting = root(crossing, [1.0, 1.0], jac=gl.jacobian(crossing))
    print(f"{'root, jac':28} {np.round(meeting.x, 6)}")
    solution = solve_ivp(
        gl.compile(reaction), (0.0, 1e8), [1.0, 0.0, 0.0], method="BDF", rtol=1e-6, atol=1e-10,
        jac=gl.jacobian(reaction, argnums=1),
    )  # fmt: skip
    print(f"{'solve_ivp, jac':28} {len(solution.t)} steps, sum {solution.y[:, -1].sum():.9f}")
    draw(out, times, heights, found["least_squares, jac"], solution)
    print(f"written to {out}")


if __name__ == "__main__":
    main()

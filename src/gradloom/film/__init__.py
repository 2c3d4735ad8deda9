"""Training to watch: a recorder for a training loop, and one page that plays what it saw.

Takes: a model, a loss at each step, and the points to separate, if they lie in a plane.
Gives: ``Film``.
Promises: a frame costs a training loop a copy of the parameters and gradients, and their number is bounded
however long it runs; all else is computed when the film is saved. The page needs nothing but itself.
"""

from gradloom.film.recorder import Film

__all__ = ["Film"]

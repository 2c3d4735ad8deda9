"""Gradloom."""
from gradloom import protocols as _protocols  # attaches methods to Value
from gradloom.engine import ENGINE, Value, apply, no_grad, topological_order
from gradloom.primitive import primitive

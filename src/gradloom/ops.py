"""The table: one row per primitive operation, and all that the library knows of it.

Takes: the standard library only (the build reads this file before anything is installed).
Gives: ``TABLE``, a mapping from name to ``Row``, and ``spell``, which prints a row's derivatives.
Promises: no other place names an operation or writes a derivative. ``backward()``, the native
engine's C code, the type stubs, the docstrings, the tests and the pictures all walk this table.

How to read a row
    value       the number, in plain Python, with Python's own errors
    partials    ``partials(m, operands..., result)``: all local derivatives, as arithmetic without
                ``if`` or loop. ``m`` supplies the other rows: as functions of floats, as functions
                that follow IEEE 754 where Python would raise, or (``spell``) as text
    c           the value as a C expression in x, y, z (it is JavaScript too, over the same helpers)
    marks       "commutative"; "operator", reached through Python's own syntax; "parameter", the
                last argument is a constant and has no derivative; "selects", a derivative of 0 means
                *not taken*, as if an ``if`` had not computed that operand: nothing flows, however large
                the incoming gradient, and an operand that is taken nowhere passes nothing on;
                "pole", a derivative may be infinite, or nan, at finite operands, and not by overflow alone;
                "internal", used by the library and given no method
    ufunc       the NumPy function of the same meaning, "" where there is none
    reference   the same number as an mpmath expression: the tests' independent source
    domain      an interval for each argument, in which the tests draw their points
    note        ties, edges and accuracy
"""

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from types import SimpleNamespace
from typing import Any


@dataclass(frozen=True)
class Row:
    """One primitive operation; the fields are described at the head of this file."""

    name: str
    symbol: str
    value: Callable[..., float]
    partials: Callable[..., tuple[Any, ...]]
    c: str = ""
    marks: str = ""
    ufunc: str = ""
    reference: str = ""
    domain: tuple[tuple[float, float], ...] = ()
    note: str = ""

    @cached_property
    def arity(self) -> int:
        """How many arguments ``value`` takes, a parameter included."""
        return len(self.domain)

    @cached_property
    def selects(self) -> bool:
        return "selects" in self.marks

    @cached_property
    def pole(self) -> bool:
        return "pole" in self.marks

    @cached_property
    def parameter(self) -> bool:
        return "parameter" in self.marks

    @cached_property
    def reads(self) -> tuple[int, ...]:
        """The positions of the operands whose numbers the derivatives read."""
        try:
            words = set(re.findall(r"\w+", " ".join(spell(self))))
        except Exception:  # a user's partials may be arithmetic that only numbers understand
            return tuple(range(self.arity))
        return tuple(i for i, name in enumerate(operand_names(self.arity)) if name in words)

    @cached_property
    def spelling(self) -> str:
        """How a call is written: ``"{} + {}"``, ``"tanh({})"``."""
        if self.symbol.isalnum() and self.name != "neg":
            return f"{self.name}({', '.join(['{}'] * self.arity)})"
        sign = "-" if self.name == "neg" else self.symbol
        return f"{sign}{{}}" if self.arity == 1 else f"{{}} {self.symbol} {{}}"

    @cached_property
    def methods(self) -> tuple[str, ...]:
        """The names of ``Value``'s methods: Python's own hooks, the row's name and NumPy's for it.

        NumPy calls a method of the ufunc's name on objects: ``np.arcsin(v)`` is ``v.arcsin()``.
        """
        if "internal" in self.marks:
            return (f"__{self.name}__",) if self.name in ("lt", "le", "gt", "ge") else ()
        if "operator" in self.marks:
            hook = "truediv" if self.name == "div" else self.name
            return (f"__{hook}__",) if self.arity == 1 else (f"__{hook}__", f"__r{hook}__")
        hooks = (f"__{self.name}__",) if self.name in ("abs", "floor", "ceil") else ()
        return tuple(dict.fromkeys((self.name, self.ufunc or self.name, *hooks)))

    @cached_property
    def doc(self) -> str:
        """The docstring of the methods, made from the row."""
        names = operand_names(self.arity)
        partials = ", ".join(f"d/d{x} = {p}" for x, p in zip(names, spell(self), strict=False))
        note = f" Note: {self.note}." if self.note else ""
        return f"r = {self.spelling.format(*names)}, where {partials}.{note}"

    def picture_symbol(self, numbers: tuple[float, ...]) -> str:
        """What a node's ``_op`` says: the symbol, with a parameter written behind it (``**2``)."""
        return f"{self.symbol}{numbers[-1]:.12g}" if self.parameter else self.symbol


# ------------------------------------------------------------------ values that need a statement
def _overflow_checked(result: float, x: float) -> float:
    """``result``, or Python's error where a power of the finite ``x`` came out infinite."""
    if math.isinf(result) and math.isfinite(x):
        raise OverflowError(34, "Numerical result out of range")
    return result


def _pow(x: float, y: float) -> float:
    result = x**y
    if isinstance(result, complex):
        raise ValueError("math domain error (the power is a complex number)")
    return result


def _powc(x: float, c: float) -> float:
    # One formula per exponent in every engine; libm's pow differs from x*x*x in the last bit.
    if c == 2.0:
        return _overflow_checked(x * x, x)
    if c == 3.0:
        return _overflow_checked(x * x * x, x)
    if c == -1.0:
        return 1.0 / x
    return math.sqrt(x) if c == 0.5 else _pow(x, c)


def _sigmoid(x: float) -> float:
    return 1.0 / (1.0 + math.exp(-x)) if x >= 0.0 else math.exp(x) / (1.0 + math.exp(x))


def _softplus(x: float) -> float:
    return math.log1p(math.exp(-abs(x))) + (x if x > 0.0 else 0.0)


LN2, LN10, TWO_BY_SQRT_PI = math.log(2.0), math.log(10.0), 2.0 / math.sqrt(math.pi)

ANY, POSITIVE, UNIT = (-4.0, 4.0), (0.1, 6.0), (-0.95, 0.95)

# fmt: off
_ROWS = [
    #   name        symbol   value                                partials: local derivatives, one per operand                                c: the value in C                                     marks                   ufunc           reference                 domain
    Row("add",      "+",     lambda x, y: x + y,                  lambda m, x, y, r: (1.0, 1.0),                                              "x + y",                                              "operator commutative", "add",          "x + y",                  (ANY, ANY)),
    Row("sub",      "-",     lambda x, y: x - y,                  lambda m, x, y, r: (1.0, -1.0),                                             "x - y",                                              "operator",             "subtract",     "x - y",                  (ANY, ANY)),
    Row("mul",      "*",     lambda x, y: x * y,                  lambda m, x, y, r: (y, x),                                                  "x * y",                                              "operator commutative", "multiply",     "x * y",                  (ANY, ANY)),
    Row("div",      "/",     lambda x, y: x / y,                  lambda m, x, y, r: (1.0 / y, -r / y),                                       "x / y",                                              "operator pole",        "true_divide",  "x / y",                  (ANY, POSITIVE)),
    Row("mod",      "%",     lambda x, y: x % y,                  lambda m, x, y, r: (1.0, -m.floordiv(x, y)),                                "pymod(x, y)",                                        "operator pole",        "remainder",    "x - y * floor(x / y)",   (ANY, POSITIVE), "the result has the divisor's sign, as in Python"),
    Row("floordiv", "//",    lambda x, y: x // y,                 lambda m, x, y, r: (0.0, 0.0),                                              "pyfloordiv(x, y)",                                   "operator selects",     "floor_divide", "floor(x / y)",           (ANY, POSITIVE), "a staircase: derivative 0, at the steps too"),
    Row("neg",      "neg",   lambda x: -x,                        lambda m, x, r: (-1.0,),                                                    "-x",                                                 "operator",             "negative",     "-x",                     (ANY,)),
    Row("pow",      "**",    _pow,                                lambda m, x, y, r: (y * m.pow(m.where(m.eq(y, 0.0) * (1.0 - m.ge(m.abs(x), 1e-300)), 1.0, x), y - 1.0), m.where(m.eq(r, 0.0), 0.0, m.log(x) * r)), "pow(x, y)",  "operator pole",        "power",        "x ** y",                 (POSITIVE, ANY), "exponent 0: d/dx is 0; at 0**y with y > 0: d/dy is 0; d/dy of a negative base is nan"),
    Row("powc",     "**",    _powc,                               lambda m, x, y, r: (m.where(m.eq(y, 0.0), 0.0, y * m.powc(x, y - 1.0)),),   "powc(x, y)",                                         "parameter internal pole", "power",        "x ** y",                 (POSITIVE, ANY), "constant exponent: 2 is x*x, 3 is x*x*x, -1 is 1/x, 0.5 is sqrt(x); exponent 0: derivative 0"),
    Row("exp",      "exp",   math.exp,                            lambda m, x, r: (r,),                                                       "exp(x)",                                             "",                     "exp",          "exp(x)",                 (ANY,)),
    Row("expm1",    "expm1", math.expm1,                          lambda m, x, r: (m.exp(x),),                                                "expm1(x)",                                           "",                     "expm1",        "expm1(x)",               (ANY,)),
    Row("exp2",     "exp2",  math.exp2,                           lambda m, x, r: (r * LN2,),                                                 "exp2(x)",                                            "",                     "exp2",         "2 ** x",                 (ANY,)),
    Row("log",      "log",   math.log,                            lambda m, x, r: (1.0 / x,),                                                 "log(x)",                                             "pole",                 "log",          "log(x)",                 (POSITIVE,)),
    Row("log1p",    "log1p", math.log1p,                          lambda m, x, r: (1.0 / (1.0 + x),),                                         "log1p(x)",                                           "pole",                 "log1p",        "log(1 + x)",             (POSITIVE,)),
    Row("log2",     "log2",  math.log2,                           lambda m, x, r: (1.0 / (x * LN2),),                                         "log2(x)",                                            "pole",                 "log2",         "log(x, 2)",              (POSITIVE,)),
    Row("log10",    "log10", math.log10,                          lambda m, x, r: (1.0 / (x * LN10),),                                        "log10(x)",                                           "pole",                 "log10",        "log10(x)",               (POSITIVE,)),
    Row("sqrt",     "sqrt",  math.sqrt,                           lambda m, x, r: (0.5 / r,),                                                 "sqrt(x)",                                            "pole",                 "sqrt",         "sqrt(x)",                (POSITIVE,), "derivative inf at 0"),
    Row("cbrt",     "cbrt",  math.cbrt,                           lambda m, x, r: (1.0 / (3.0 * r * r),),                                     "cbrt(x)",                                            "pole",                 "cbrt",         "sign(x) * cbrt(abs(x))", (ANY,), "derivative inf at 0"),
    Row("sin",      "sin",   math.sin,                            lambda m, x, r: (m.cos(x),),                                                "sin(x)",                                             "",                     "sin",          "sin(x)",                 (ANY,)),
    Row("cos",      "cos",   math.cos,                            lambda m, x, r: (-m.sin(x),),                                               "cos(x)",                                             "",                     "cos",          "cos(x)",                 (ANY,)),
    Row("tan",      "tan",   math.tan,                            lambda m, x, r: (1.0 + r * r,),                                             "tan(x)",                                             "",                     "tan",          "tan(x)",                 (UNIT,)),
    Row("asin",     "asin",  math.asin,                           lambda m, x, r: (1.0 / m.sqrt((1.0 - x) * (1.0 + x)),),                     "asin(x)",                                            "pole",                 "arcsin",       "asin(x)",                (UNIT,), "derivative inf at -1 and 1"),
    Row("acos",     "acos",  math.acos,                           lambda m, x, r: (-1.0 / m.sqrt((1.0 - x) * (1.0 + x)),),                    "acos(x)",                                            "pole",                 "arccos",       "acos(x)",                (UNIT,), "derivative -inf at -1 and 1"),
    Row("atan",     "atan",  math.atan,                           lambda m, x, r: (1.0 / (1.0 + x * x),),                                     "atan(x)",                                            "",                     "arctan",       "atan(x)",                (ANY,)),
    Row("atan2",    "atan2", math.atan2,                          lambda m, x, y, r: (y / m.hypot(x, y) / m.hypot(x, y), -x / m.hypot(x, y) / m.hypot(x, y)), "atan2(x, y)",                        "pole",                 "arctan2",      "atan2(x, y)",            (ANY, POSITIVE), "derivatives nan at (0, 0); to 4 ulp between engines, as hypot"),
    Row("sinh",     "sinh",  math.sinh,                           lambda m, x, r: (m.cosh(x),),                                               "sinh(x)",                                            "",                     "sinh",         "sinh(x)",                (ANY,)),
    Row("cosh",     "cosh",  math.cosh,                           lambda m, x, r: (m.sinh(x),),                                               "cosh(x)",                                            "",                     "cosh",         "cosh(x)",                (ANY,)),
    Row("tanh",     "tanh",  math.tanh,                           lambda m, x, r: (1.0 - r * r,),                                             "tanh(x)",                                            "",                     "tanh",         "tanh(x)",                (ANY,), "derivative accurate absolutely, not relatively, in the tails"),
    Row("asinh",    "asinh", math.asinh,                          lambda m, x, r: (1.0 / m.hypot(1.0, x),),                                   "asinh(x)",                                           "",                     "arcsinh",      "asinh(x)",               (ANY,), "derivative to 4 ulp between engines, as hypot"),
    Row("acosh",    "acosh", math.acosh,                          lambda m, x, r: (1.0 / (m.sqrt(x - 1.0) * m.sqrt(x + 1.0)),),               "acosh(x)",                                           "pole",                 "arccosh",      "acosh(x)",               ((1.1, 6.0),), "derivative inf at 1"),
    Row("atanh",    "atanh", math.atanh,                          lambda m, x, r: (1.0 / ((1.0 - x) * (1.0 + x)),),                           "atanh(x)",                                           "pole",                 "arctanh",      "atanh(x)",               (UNIT,)),
    Row("hypot",    "hypot", math.hypot,                          lambda m, x, y, r: (x / m.where(m.eq(r, 0.0), 1.0, r), y / m.where(m.eq(r, 0.0), 1.0, r)), "hypot(x, y)",                         "commutative",          "hypot",        "hypot(x, y)",            (ANY, ANY), "derivatives 0 and 0 at (0, 0); to 4 ulp between engines"),
    Row("sigmoid",  "sigmoid", _sigmoid,                          lambda m, x, r: (r * (1.0 - r),),                                           "x >= 0.0 ? 1.0 / (1.0 + exp(-x)) : exp(x) / (1.0 + exp(x))", "",             "",             "1 / (1 + exp(-x))",      (ANY,), "derivative accurate absolutely, not relatively, in the right tail"),
    Row("softplus", "softplus", _softplus,                        lambda m, x, r: (m.sigmoid(x),),                                            "log1p(exp(-fabs(x))) + (x > 0.0 ? x : 0.0)",         "",                     "",             "log(1 + exp(x))",        (ANY,)),
    Row("relu",     "ReLU",  lambda x: 0.0 if x <= 0.0 else x,    lambda m, x, r: (1.0 - m.le(x, 0.0),),                                      "x <= 0.0 ? 0.0 : x",                                 "selects",              "",             "max(x, 0)",              (ANY,), "derivative 0 at 0; nan stays nan"),
    Row("abs",      "abs",   abs,                                 lambda m, x, r: (m.gt(x, 0.0) - m.lt(x, 0.0),),                             "fabs(x)",                                            "selects",              "fabs",         "abs(x)",                 (ANY,), "derivative 0 at 0, where neither x nor -x is taken"),
    Row("maximum",  "max",   lambda x, y: x if x >= y or x != x else y, lambda m, x, y, r: (m.ge(x, y) + m.ne(x, x), 1.0 - m.ge(x, y) - m.ne(x, x)), "x >= y || x != x ? x : y",              "selects",              "maximum",      "max(x, y)",              (ANY, ANY), "a tie goes to the first; nan from either side stays"),
    Row("minimum",  "min",   lambda x, y: x if x <= y or x != x else y, lambda m, x, y, r: (m.le(x, y) + m.ne(x, x), 1.0 - m.le(x, y) - m.ne(x, x)), "x <= y || x != x ? x : y",              "selects",              "minimum",      "min(x, y)",              (ANY, ANY), "a tie goes to the first; nan from either side stays"),
    Row("where",    "where", lambda x, y, z: y if x else z,       lambda m, x, y, z, r: (0.0, m.ne(x, 0.0), m.eq(x, 0.0)),                    "x != 0.0 ? y : z",                                   "selects internal",     "where",        "y if x else z",          (ANY, ANY, ANY), "has the derivative of the equivalent if"),
    Row("chosen",   "where", lambda x: x,                         lambda m, x, r: (1.0,),                                                     "x",                                                  "internal",             "positive",     "x",                      (ANY,), "what where() makes of the branch it took, when nothing is traced"),
    Row("floor",    "floor", lambda x: float(math.floor(x)),      lambda m, x, r: (0.0,),                                                     "floor(x) + 0.0",                                     "selects",              "floor",        "floor(x)",               (ANY,), "a staircase: derivative 0, at the steps too; never -0.0"),
    Row("ceil",     "ceil",  lambda x: float(math.ceil(x)),       lambda m, x, r: (0.0,),                                                     "ceil(x) + 0.0",                                      "selects",              "ceil",         "ceil(x)",                (ANY,), "a staircase: derivative 0, at the steps too; never -0.0"),
    Row("round",    "round", lambda x: float(round(x)),           lambda m, x, r: (0.0,),                                                     "rint(x) + 0.0",                                      "selects",              "rint",         "nint(x)",                (ANY,), "half goes to even, as in Python; derivative 0; never -0.0"),
    Row("copysign", "copysign", math.copysign,                    lambda m, x, y, r: ((m.gt(x, 0.0) - m.lt(x, 0.0)) * m.copysign(1.0, y), 0.0), "copysign(x, y)",                                   "selects",              "copysign",     "abs(x) if y >= 0 else -abs(x)",   (ANY, ANY), "derivative 0 at 0, as abs"),
    Row("erf",      "erf",   math.erf,                            lambda m, x, r: (TWO_BY_SQRT_PI * m.exp(-x * x),),                          "erf(x)",                                             "",                     "",             "erf(x)",                 (ANY,)),
    Row("erfc",     "erfc",  math.erfc,                           lambda m, x, r: (-TWO_BY_SQRT_PI * m.exp(-x * x),),                         "erfc(x)",                                            "",                     "",             "erfc(x)",                (ANY,)),
    Row("detach",   "detach", lambda x: x,                        lambda m, x, r: (0.0,),                                                     "x",                                                  "selects internal",     "positive",     "x",                      (ANY,), "the same number, no derivative"),
    Row("unknown", "unknown", lambda x: x,                        lambda m, x, r: (0.0,),                                                     "x",                                                  "selects internal",     "positive",     "x",                      (ANY,), "a derivative of higher order than was recorded: a Program that computes it is refused"),
    Row("custom",  "custom", lambda x, y, z: x,                   lambda m, x, y, z, r: (1.0, 0.0, y),                                        "x",                                                  "internal pole",        "",             "x + 0 * (y + z)",        (ANY, ANY, ANY), "x, whose derivative by z is y: what a primitive is while it is traced"),
    Row("lt",       "<",     lambda x, y: float(x < y),           lambda m, x, y, r: (0.0, 0.0),                                              "x < y",                                              "selects internal",     "less",         "x < y",                  (ANY, ANY)),
    Row("le",       "<=",    lambda x, y: float(x <= y),          lambda m, x, y, r: (0.0, 0.0),                                              "x <= y",                                             "selects internal",     "less_equal",   "x <= y",                 (ANY, ANY)),
    Row("gt",       ">",     lambda x, y: float(x > y),           lambda m, x, y, r: (0.0, 0.0),                                              "x > y",                                              "selects internal",     "greater",      "x > y",                  (ANY, ANY)),
    Row("ge",       ">=",    lambda x, y: float(x >= y),          lambda m, x, y, r: (0.0, 0.0),                                              "x >= y",                                             "selects internal",     "greater_equal", "x >= y",                (ANY, ANY)),
    Row("eq",       "==",    lambda x, y: float(x == y),          lambda m, x, y, r: (0.0, 0.0),                                              "x == y",                                             "selects internal",     "equal",        "x == y",                 (ANY, ANY)),
    Row("ne",       "!=",    lambda x, y: float(x != y),          lambda m, x, y, r: (0.0, 0.0),                                              "x != y",                                             "selects internal",     "not_equal",    "x != y",                 (ANY, ANY)),
    Row("and",      "&",     lambda x, y: float(x != 0.0 and y != 0.0), lambda m, x, y, r: (0.0, 0.0),                                        "x != 0.0 && y != 0.0",                               "commutative selects internal", "logical_and", "x != 0 and y != 0", (ANY, ANY)),
    Row("or",       "|",     lambda x, y: float(x != 0.0 or y != 0.0), lambda m, x, y, r: (0.0, 0.0),                                         "x != 0.0 || y != 0.0",                               "commutative selects internal", "logical_or", "x != 0 or y != 0", (ANY, ANY)),
    Row("not",      "~",     lambda x: float(x == 0.0),           lambda m, x, r: (0.0,),                                                     "x == 0.0",                                           "selects internal",     "logical_not",  "x == 0",                 (ANY,)),
]
# fmt: on

TABLE: dict[str, Row] = {row.name: row for row in _ROWS}
FLOATS = SimpleNamespace(**{row.name: row.value for row in _ROWS})
"""The ``m`` of ``partials`` on plain floats: every row's value, with Python's errors."""


def operand_names(arity: int) -> tuple[str, ...]:
    """x, y, z as in the C column; x1, x2, ... for a user's operation of more operands."""
    return ("x", "y", "z")[:arity] if arity <= 3 else tuple(f"x{i + 1}" for i in range(arity))


# --------------------------------------------------------------------- derivatives as text
class Text:
    """A formula under construction: arithmetic on Texts joins their words.

    ``partials`` run on Texts prints itself, so C code and formulas come from the one column.
    """

    def __init__(self, words: str, atom: bool = False):
        self.words, self.atom = words, atom

    def __str__(self) -> str:
        return self.words

    @staticmethod
    def of(x: "Text | float") -> str:
        """``x`` as an operand: a name or a number as it is, anything longer in parentheses."""
        if isinstance(x, Text):
            return x.words if x.atom else f"({x.words})"
        return repr(float(x)) if x >= 0 else f"({float(x)!r})"

    def __neg__(self) -> "Text":
        return Text(f"-{Text.of(self)}")


def _joined(symbol: str, swap: bool) -> Callable[[Text, Any], Text]:
    def join(self: Text, other: "Text | float") -> Text:
        left, right = (other, self) if swap else (self, other)
        return Text(f"{Text.of(left)} {symbol} {Text.of(right)}")

    return join


for _symbol, _name in {"+": "add", "-": "sub", "*": "mul", "/": "truediv"}.items():
    setattr(Text, f"__{_name}__", _joined(_symbol, swap=False))
    setattr(Text, f"__r{_name}__", _joined(_symbol, swap=True))


def spell(row: Row, call: str = "{}") -> tuple[str, ...]:
    """The local derivatives of ``row`` as formulas in x, y, z and the result r.

    ``call`` is how another row's name is written, ``"value_{}"`` for the C code.

    Examples
    --------
    >>> spell(TABLE["tanh"])
    ('1.0 - (r * r)',)
    >>> spell(TABLE["mul"])
    ('y', 'x')
    """

    def written(name: str) -> Callable[..., Text]:
        def write(*xs: "Text | float") -> Text:
            words = ", ".join(str(x) if isinstance(x, Text) else repr(float(x)) for x in xs)
            return Text(f"{call.format(name)}({words})", atom=True)

        return write

    m = SimpleNamespace(**{name: written(name) for name in TABLE})
    names = [Text(n, atom=True) for n in (*operand_names(row.arity), "r")]
    return tuple(str(p) if isinstance(p, Text) else repr(float(p)) for p in row.partials(m, *names))

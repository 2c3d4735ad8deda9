# The types of simplify.py, for Cython; plain Python never reads this.
cimport cython

from gradloom.compiler.columns cimport Columns

cdef int CONSTANT, DIV, MUL, UNKNOWN
cdef long long FRACTION
cdef int ANY, NAME, TRUTHFUL, NUMBER, ZERO, TRUE, OPERATION
cdef unsigned char[::1] FOLDS
cdef unsigned char[::1] TRUTH
cdef Rules ALWAYS, AT_LAST


@cython.locals(
    code="const unsigned short[::1]", start="const int[::1]", args="const int[::1]",
    number="const double[::1]", new="int[::1]", n=int, i=int, j=int, out=Simplifier,
)
cpdef simplify(program, bint final=*)


cdef class Rules:
    cdef list cells
    cdef int[::1] first
    cdef int[::1] left
    cdef int[::1] right
    cdef int[::1] pattern
    cdef int[::1] replacement
    cdef int[::1] kind
    cdef int[::1] which
    cdef int[::1] arity
    cdef double[::1] number
    cdef long long[::1] bits


cdef class Simplifier(Columns):
    cdef Rules rules
    cdef int x, y, z

    @cython.locals(rules=Rules, rule=int, left=int, right=int, reciprocal=double, x=int)
    cdef int end(self, int code) except -1
    @cython.locals(rules=Rules, kind=int, first=int, arity=int, j=int, fits=bint)
    cdef int matches(self, int i, int cell) noexcept
    cdef bint bind(self, int name, int i) noexcept
    @cython.locals(rules=Rules, kind=int, code=int, arity=int, a=int, b=int, c=int)
    cdef int build(self, int cell, int x, int y, int z) except -1
    @cython.locals(open_terms=int)
    cdef int behind(self, int cell) noexcept
    cdef object finish(self, object outputs, object guards)
    @cython.locals(j=int)
    cdef bint all_constant(self) noexcept
    @cython.locals(j=int)
    cdef list constants(self)
    @cython.locals(exponent=int, fraction="long long")
    cdef double exact_reciprocal(self, int i) noexcept

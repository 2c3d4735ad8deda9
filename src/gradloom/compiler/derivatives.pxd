# The types of derivatives.py, for Cython; plain Python never reads this.
cimport cython

from gradloom.compiler.partials cimport Chain

cdef int CONSTANT, NONE, ALWAYS, NEVER
cdef int ADD, AND, MUL, NE, OR, WHERE


@cython.locals(sweep=Reverse, i=int, k=int, mask=int)
cpdef reverse(program, wrt, seeds=*, bint final=*, bint masked=*)

@cython.locals(sweep=Forward, i=int, more=int)
cpdef forward(program, seeds, bint final=*)


cdef class Forward(Chain):
    cdef int[::1] tangent

    cdef int value_or_zero(self, int x) except -1
    @cython.locals(first=int, k=int, x=int, y=int, condition=int, term=int, total=int)
    cdef void push_forward(self, int i) except *


cdef class Reverse(Chain):
    cdef int[::1] adjoint
    cdef int[::1] mask
    cdef int[::1] selected
    cdef int[::1] active
    cdef int[::1] delicate

    @cython.locals(i=int, k=int, first=int)
    cdef int watch(self, wrt) except -1
    @cython.locals(
        selects="int[::1]", pole="unsigned char[::1]", sure="int[::1]", i=int, first=int, k=int, j=int
    )
    cdef int foresee(self, program, list seeded) except -1
    @cython.locals(x=int, mask=int, first=int, k=int, j=int, partial=int, taken=int)
    cdef void pass_back(self, int i) except *
    @cython.locals(before=int, before_mask=int)
    cdef void contribute(self, int i, int x, int mask) except *
    cdef int gradient(self, int i) except -1
    cdef int select(self, int mask, int x) except -1
    cdef int both(self, int mask, int condition) except? -1
    @cython.locals(union=int)
    cdef int either(self, int mask, int other) except? -1

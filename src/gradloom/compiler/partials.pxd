# The types of partials.py, for Cython; plain Python never reads this.
cimport cython

from gradloom.compiler.simplify cimport Simplifier

cdef int CONSTANT, INPUT, MUL, NE, WHERE


cdef class Recipes:
    cdef tuple codes
    cdef int[::1] slot
    cdef int[::1] selects
    cdef int[::1] zero
    cdef int[::1] result
    cdef int[::1] begin
    cdef int[::1] code
    cdef int[::1] start
    cdef int[::1] args
    cdef double[::1] number
    cdef int longest


cdef Recipes KNOWN

@cython.locals(known=Recipes)
cdef Recipes recipes(code)


cdef class Chain(Simplifier):
    cdef Recipes recipes
    cdef int size, old_inputs
    cdef const unsigned short[::1] old_code
    cdef const int[::1] old_start
    cdef const int[::1] old_args
    cdef const double[::1] old_number
    cdef int[::1] new
    cdef int[::1] local

    cdef object column(self, int x)
    @cython.locals(j=int)
    cdef int copy(self, int i) except -1
    cdef bint flows(self, int i, int k) noexcept
    @cython.locals(recipes=Recipes, local="int[::1]", slot=int, n=int, j=int, t=int)
    cdef int partial(self, int i, int k) except -1
    @cython.locals(p=int, product=int, zero=int)
    cdef int times_partial(self, int i, int k, int x) except -1
    cdef object conclude(self, program, list derivatives)

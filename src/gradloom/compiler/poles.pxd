# The types of poles.py, for Cython; plain Python never reads this.
cimport cython

cdef int CONSTANT, POWC, UNKNOWN, NOT_NEGATIVE, POSITIVE
cdef double TINY
cdef int NOTHING, ALWAYS, PRODUCT, SUM, ROOT, POWER, HIGHEST, LOWEST, CHOICE, NONE, ANYWHERE
cdef unsigned char[::1] KIND
cdef signed char[::1] POLE


@cython.locals(
    code="const unsigned short[::1]", start="const int[::1]", args="const int[::1]",
    number="const double[::1]", sign="unsigned char[::1]", found="unsigned char[::1]", n=int, i=int,
    operation=int, first=int, kind=int, x=int, y=int, count=int, low=int, high=int, same=bint, place=int,
)
cpdef poles(program)

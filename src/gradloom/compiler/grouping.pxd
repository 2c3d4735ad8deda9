# The types of grouping.py, for Cython; plain Python never reads this.
cimport cython

cdef int NEVER, HIGHEST, PRIME


@cython.locals(n=int, i=int, k=int, x=int, deepest=int, high=int, level="int[::1]", height="int[::1]")
cpdef levels(const int[::1] start, const int[::1] args, const int[::1] least, const int[::1] chooses)

@cython.locals(
    n=int, count=int, i=int, k=int, sort="long long", place="Py_ssize_t", kind="int[::1]", table="int[::1]",
    found="long long[::1]", rank="int[::1]", order="Py_ssize_t[::1]",
)
cpdef kinds(
    const int[::1] op, const int[::1] start, const int[::1] args, const int[::1] exact,
    const int[::1] height, const int[::1] parameters,
)

@cython.locals(mask="Py_ssize_t", place="Py_ssize_t")
cdef Py_ssize_t _find(const int[::1] table, const long long[::1] found, long long sort) noexcept

@cython.locals(m=int, p=int, i=int, order="int[::1]", begins="int[::1]")
cpdef grouped(const int[::1] nodes, const int[::1] level, const int[::1] kind)

@cython.locals(n=int, p=int, k=int, low=int, high=int, total=int, place="int[::1]", order="int[::1]")
cdef int[::1] _counted(const int[::1] nodes, const int[::1] key)

@cython.locals(
    n=int, groups=int, g=int, h=int, i=int, k=int, p=int, maker=int, group="int[::1]", after="int[::1]",
    waits="int[::1]", latest="int[::1]", found="int[::1]",
)
cpdef waiting(
    const int[::1] start, const int[::1] args, const int[::1] order, const int[::1] begins,
    const int[::1] level, const int[::1] kind, int count,
)

@cython.locals(n=int, g=int, p=int, i=int, k=int, at=int, earliest=int, bound="int[::1]", place="int[::1]")
cpdef sink(
    const int[::1] start, const int[::1] args, const int[::1] nodes, const int[::1] begins,
    const int[::1] vector, const int[::1] level,
)

@cython.locals(
    n=int, w=int, m=int, g=int, p=int, i=int, unit="int[::1]", given="int[::1]", order="int[::1]",
    bounds="int[::1]", vectors="int[::1]",
)
cpdef ordered(const int[::1] nodes, const int[::1] begins, const int[::1] vector, const int[::1] place)

# The types of layout.py, for Cython; plain Python never reads this.
cimport cython

cdef int SUM, DOT, STRETCH


@cython.locals(
    n=int, steps=int, g=int, p=int, i=int, k=int, x=int, b=int, size=int, free=int, now=int, top=int, block=int,
    last="int[::1]", block_of="int[::1]", alive="int[::1]", block_slot="int[::1]", single="int[::1]",
    home="int[::1]",
)
cpdef allocate(
    const int[::1] start, const int[::1] args, int[::1] order, const int[::1] bounds, const int[::1] vector,
    const int[::1] keep, int[::1] slot, int first,
)

@cython.locals(falls=int, p=int, a=int, b=int, k=int)
cdef int _ascending(
    const int[::1] start, const int[::1] args, int[::1] order, int begin, int end, int[::1] slot
) except -1

@cython.locals(size=int, w=int, p=int, i=int, k=int, t=int, j=int, each=int, ready=int, words="int[::1]")
cpdef stretch(
    const int[::1] op, const int[::1] start, int[::1] args, const int[::1] exact, const int[::1] nodes,
    const int[::1] slot, const int[::1] level,
)

@cython.locals(m=int, p=int, a=int, b=int, k=int, width=int, found="int[::1]")
cpdef cuts(const int[::1] start, const int[::1] args, const int[::1] nodes, const int[::1] home)

@cython.locals(p=int, k=int, here=int)
cdef bint _stays(
    const int[::1] start, const int[::1] args, const int[::1] nodes, const int[::1] slot, int p, int k
) noexcept

@cython.locals(
    lanes=int, terms=int, p=int, t=int, j=int, k=int, x=int, y=int, stays=bint, found="int[::1]"
)
cpdef operands(
    const int[::1] start, const int[::1] args, const int[::1] nodes, const int[::1] slot,
    const int[::1] home, int each, bint turns,
)

@cython.locals(p="Py_ssize_t", t="Py_ssize_t")
cpdef bint rising(const int[:, :] rows)

@cython.locals(p="Py_ssize_t", t="Py_ssize_t")
cpdef bint alike(const int[:, :] rows)

@cython.locals(n=int, base=int, inner=int, outer=int, period=int, row=int, i=int, regular=bint)
cpdef strides(const int[::1] places)

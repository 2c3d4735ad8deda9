# The types of layout.py, for Cython; plain Python never reads this.
cimport cython

cdef int ADD, SUB, MUL, SUM, DOT, MULADD, MULSUB, SUBMUL, CONSTANT, INPUT, NEVER


cdef int[::1] column(Py_ssize_t n, int fill=*)

@cython.locals(n=int, i=int, k=int, found="int[::1]")
cdef int[::1] ancestors(const int[::1] start, const int[::1] args, const int[::1] roots)

@cython.locals(
    n=int, i=int, k=int, r=int, x=int, y=int, t=int, m=int, w=int, left=int, right=int, total=int,
    kept="int[::1]", fixed="int[::1]", uses="int[::1]", user="int[::1]", root="int[::1]", terms="int[::1]",
    products="int[::1]", place="int[::1]", dot="int[::1]", first="int[::1]", term="int[::1]",
    absorbed="int[::1]", owner="int[::1]", op="int[::1]", begin="int[::1]", operand="int[::1]",
    number="int[::1]",
)
cpdef contract(
    const int[::1] code, const int[::1] start, const int[::1] args, const int[::1] outputs,
    const int[::1] conditions, bint same_order,
)

@cython.locals(n=int, i=int, k=int, deepest=int, level="int[::1]")
cpdef levels(const int[::1] start, const int[::1] args, const int[::1] least)

@cython.locals(g=int, p=int, i=int, k=int, at=int, earliest=int, bound="int[::1]", place="int[::1]")
cpdef sink(
    const int[::1] start, const int[::1] args, const int[::1] nodes, const int[::1] begins,
    const int[::1] vector, const int[::1] level,
)

@cython.locals(
    n=int, steps=int, g=int, p=int, i=int, k=int, x=int, b=int, size=int, free=int, now=int, top=int, block=int,
    last="int[::1]", block_of="int[::1]", alive="int[::1]", block_slot="int[::1]", single="int[::1]",
    home="int[::1]", holes=list,
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
    const int[::1] op, const int[::1] start, int[::1] args, const int[::1] nodes, const int[::1] slot,
    const int[::1] level,
)

@cython.locals(n=int, base=int, inner=int, outer=int, period=int, row=int, i=int, regular=bint)
cpdef strides(const int[::1] column)

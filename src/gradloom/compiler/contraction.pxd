# The types of contraction.py, for Cython; plain Python never reads this.
cimport cython

cdef int ADD, SUB, MUL, SUM, DOT, MULADD, MULSUB, SUBMUL, INPUT


cpdef int[::1] column(Py_ssize_t n, int fill=*)

cdef unsigned char[::1] flags(Py_ssize_t n)

@cython.locals(n=int, i=int, k=int, found="unsigned char[::1]")
cdef unsigned char[::1] ancestors(const int[::1] start, const int[::1] args, const int[::1] roots)

@cython.locals(
    n=int, i=int, k=int, r=int, u=int, x=int, y=int, t=int, m=int, w=int, left=int, right=int, total=int,
    kept="unsigned char[::1]", fixed="unsigned char[::1]", uses="unsigned char[::1]", user="int[::1]", root="int[::1]", terms="int[::1]",
    products="int[::1]", place="int[::1]", dot="int[::1]", first="int[::1]", term="int[::1]",
    absorbed="unsigned char[::1]", owner="int[::1]", op="int[::1]", begin="int[::1]", operand="int[::1]",
    number="int[::1]", exact="unsigned char[::1]",
)
cpdef contract(
    const unsigned short[::1] code, const int[::1] start, const int[::1] args, const int[::1] outputs,
    const int[::1] conditions, bint same_order,
)

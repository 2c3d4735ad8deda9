# The types of columns.py, for Cython; plain Python never reads this.
cimport cython

cdef int CONSTANT, INPUT, NEAR, EACH
cdef unsigned long long GOLDEN, LOW
cdef double NAN
cdef unsigned char[::1] SWAPS


cdef class Columns:
    cdef int inputs, count, used, tail
    cdef unsigned short[::1] code
    cdef int[::1] start
    cdef int[::1] args
    cdef double[::1] number
    cdef long long[::1] bits
    cdef int[::1] first_user
    cdef int[::1] next_user
    cdef int[::1] table
    cdef int entries

    cdef int begin(self) except -1
    cdef int operand(self, int i) except -1
    cdef int end(self, int code) except -1
    cdef int emit(self, int code, int a=*, int b=*, int c=*) except -1
    cdef int constant(self, double x) except -1
    cdef int place(self, int code) except -1
    cdef int keep(self) noexcept
    cdef int grow(self) except -1
    @cython.locals(n=int, youngest=int, j=int, _=int, before=int, user=int, place="Py_ssize_t")
    cdef int unique(self) except -1
    @cython.locals(place="Py_ssize_t", mask="Py_ssize_t")
    cdef Py_ssize_t find(self, int n) noexcept
    @cython.locals(first=int, last=int, j=int, x=int, y=int, h="unsigned long long", bits="long long")
    cdef unsigned long long hash(self, int n) noexcept
    @cython.locals(code=int, length=int, x=int, y=int)
    cdef bint same(self, int i, int n) noexcept
    @cython.locals(old="int[::1]", k="Py_ssize_t")
    cdef int rehash(self) except -1
    @cython.locals(n=int, i=int, j=int, k=int, a=int, first=int, last=int, wanted="int[::1]")
    cdef object finish(self, object outputs, object guards)


cdef unsigned long long mixed(unsigned long long h, unsigned long long x) noexcept

"""What other native modules may ask of programs."""


cdef struct Step:
    int what
    int to      # the register that takes the result, or the step to go to
    int a, b, c  # registers; or places of objects, each behind its bank
    int bank_a, bank_b
    int how     # which comparison, or the place of what is called


cdef class Asked:
    cdef readonly object floats  # a row for a machine, a tuple for Python
    cdef readonly tuple raws
    cdef readonly object standing


cdef class Code:
    cdef Step* steps
    cdef int* places
    cdef readonly int own, facts, width, registers, notes
    cdef readonly tuple words, constants, fixed
    cdef tuple alone  # of each gate, the answer where it alone is noted
    cdef Py_ssize_t reach

    cdef bint can_run(self, Step* step, int at, Py_ssize_t size, int* noted)
    cdef int fill(self, double* numbers, object standing, tuple own) except -1


cdef class Machine:
    cdef readonly Code code
    cdef double* registers
    cdef int* noted
    cdef tuple bound
    cdef public object reasons
    cdef bint busy

    cdef int put(self, int register, double value) except -1
    cdef bint passes(self, Asked asked) except -1
    cdef object say(self, Asked asked, int width)
    cdef object _object(self, Asked asked, int bank, int place)
    cdef object _run(self, Asked asked)


cdef double number_of(object value) noexcept

"""Numbers of few digits, read as native modules share it."""

cdef extern from *:
    """
    static const double TEN_TO_THE[] = {1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14,
                                        1e15};
    """
    const double[16] TEN_TO_THE


cdef inline bint read_short(const char* text, Py_ssize_t size, double* number) noexcept:
    """Whether a text is a number of few digits and no exponent; `number` then takes the float nearest to it.

    Whole numbers up to 2**53 and powers of ten up to 10**22 are floats, and the quotient of two is rounded once
    (W. Clinger, How to read floating point numbers accurately, 1990).
    """
    cdef Py_ssize_t at = 1 if size and text[0] == c"-" else 0
    cdef long long whole = 0
    cdef int behind = -1
    if size == at or size - at > 16:
        return False
    for at in range(at, size):
        if c"0" <= text[at] <= c"9":
            whole = 10 * whole + text[at] - c"0"
            behind += behind >= 0
        elif text[at] == c"." and behind < 0:
            behind = 0
        else:
            return False
    number[0] = whole / TEN_TO_THE[max(behind, 0)]
    if text[0] == c"-":
        number[0] = -number[0]
    return True

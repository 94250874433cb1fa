# cython: language_level=3, boundscheck=False, wraparound=False, initializedcheck=False
"""Plain facts as texts, in C: what `engine/texts.py` says in Python, and is held to."""

from cpython.dict cimport PyDict_GetItemWithError, PyDict_Size
from cpython.object cimport PyObject
from cpython.ref cimport Py_INCREF
from cpython.tuple cimport PyTuple_New, PyTuple_SET_ITEM
from libc.string cimport memcpy

cdef extern from "Python.h":
    bint PyUnicode_IS_COMPACT_ASCII(object)
    Py_ssize_t PyUnicode_GET_LENGTH(object)
    char* PyUnicode_DATA(object)
    str PyUnicode_New(Py_ssize_t size, Py_UCS4 largest)
    str PyUnicode_FromKindAndData(int kind, const void* buffer, Py_ssize_t size)
    int PyUnicode_1BYTE_KIND

# A value that is a word, or a number that may be negative, is not negative, or is above zero.
cdef enum:
    AS_WORD, ANY, NONNEGATIVE, POSITIVE

WORD = AS_WORD
KINDS = {"any": ANY, "nonnegative": NONNEGATIVE, "positive": POSITIVE}

# As many digits before the point and behind it as a plain number has at most.
cdef enum:
    WHOLE = 19
    BEHIND = 18


cdef bint is_digit(char letter) noexcept:
    return c"0" <= letter <= c"9"


cdef str plain(str given, int kind):
    """The canonical text of a number, if it is plain and has the sign that it may have."""
    if not PyUnicode_IS_COMPACT_ASCII(given):
        return None
    cdef const char* text = PyUnicode_DATA(given)
    cdef Py_ssize_t size = PyUnicode_GET_LENGTH(given)
    cdef bint negative = size > 0 and text[0] == c"-"
    cdef Py_ssize_t at = negative, begin = negative, end
    cdef bint is_zero = True
    while at < size and is_digit(text[at]):
        is_zero = is_zero and text[at] == c"0"
        at += 1
    if at == begin or at - begin > WHOLE or (text[begin] == c"0" and at - begin > 1):
        return None
    end = at
    if at < size:
        begin = at + 1
        if text[at] != c"." or begin == size or size - begin > BEHIND:
            return None
        for at in range(begin, size):
            if not is_digit(text[at]):
                return None
            if text[at] != c"0":
                is_zero, end = False, at + 1
    if (negative and (is_zero or kind != ANY)) or (is_zero and kind == POSITIVE):
        return None
    return given if end == size else PyUnicode_FromKindAndData(PyUnicode_1BYTE_KIND, text, end)


cdef class Taking:
    """Takes the values of facts in one arrangement.

    Args:
        groups: the names of the groups, and of the facts in each.
        values: of each fact, whether it is a `WORD` or which of `KINDS`, and its place among the numbers or the words.
    """

    cdef tuple groups, values
    cdef int numbers, words

    def __cinit__(self, tuple groups, tuple values):
        self.groups, self.values = groups, values
        self.words = sum([kind == AS_WORD for kind, _ in values])
        self.numbers = len(values) - self.words

    def take(self, own):
        """The canonical texts of the numbers, and the words; None where anything is not plain."""
        if type(own) is not dict or PyDict_Size(own) != len(self.groups):
            return None
        cdef list numbers = [None] * self.numbers, words = [None] * self.words
        cdef PyObject* found
        cdef dict group
        cdef int kind, place, at = 0
        for name, names in self.groups:
            found = PyDict_GetItemWithError(own, name)
            if found is NULL or type(<object> found) is not dict:
                return None
            group = <dict> found
            if PyDict_Size(group) != len(<tuple> names):
                return None
            for name in <tuple> names:
                found = PyDict_GetItemWithError(group, name)
                if found is NULL:
                    return None
                value = <object> found
                kind, place = (<tuple> self.values)[at]
                at += 1
                if kind == AS_WORD:
                    if type(value) is not str and type(value) is not bool:
                        return None
                    words[place] = value
                else:
                    number = plain(<str> value, kind) if type(value) is str else None
                    if number is None:
                        return None
                    numbers[place] = number
        return tuple(numbers), tuple(words)


cdef class Filling:
    """Fills the places of a text.

    Args:
        pieces: the text before the first place, between each two, and after the last; all of it ASCII.
    """

    cdef tuple pieces
    cdef Py_ssize_t size

    def __cinit__(self, tuple pieces):
        if not all([type(piece) is str and piece.isascii() for piece in pieces]) or not pieces:
            raise ValueError("the text is not all ASCII")
        self.pieces, self.size = pieces, sum([len(piece) for piece in pieces])

    def fill(self, tuple texts not None):
        """The text with these in its places."""
        cdef Py_ssize_t size = self.size, at = 0, place
        if len(texts) != len(self.pieces) - 1:
            raise ValueError("a text has other places")
        for text in texts:
            if type(text) is not str or not PyUnicode_IS_COMPACT_ASCII(text):
                raise ValueError("what fills a place is not ASCII")
            size += PyUnicode_GET_LENGTH(text)
        cdef str made = PyUnicode_New(size, 127)
        cdef char* to = PyUnicode_DATA(made)
        for place in range(len(self.pieces)):
            at = put(to, at, self.pieces[place])
            if place < len(texts):
                at = put(to, at, texts[place])
        return made


cdef Py_ssize_t put(char* to, Py_ssize_t at, str text) noexcept:
    cdef Py_ssize_t size = PyUnicode_GET_LENGTH(text)
    memcpy(to + at, PyUnicode_DATA(text), size)
    return at + size

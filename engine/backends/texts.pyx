# cython: language_level=3, boundscheck=False, wraparound=False, initializedcheck=False
"""Plain facts as texts, in C: what `engine/texts.py` says in Python, and is held to."""

from cpython.dict cimport PyDict_GetItemWithError, PyDict_Size
from cpython.object cimport PyObject
from libc.string cimport memcpy

from engine.backends.short cimport read_short

cdef extern from "Python.h":
    bint PyUnicode_IS_COMPACT_ASCII(object)
    Py_ssize_t PyUnicode_GET_LENGTH(object)
    char* PyUnicode_DATA(object)
    str PyUnicode_New(Py_ssize_t size, Py_UCS4 largest)
    str PyUnicode_FromKindAndData(int kind, const void* buffer, Py_ssize_t size)
    int PyUnicode_1BYTE_KIND

# A value that is a word, or a number that may be negative, is not negative, or is above zero; and that is whole.
cdef enum:
    AS_WORD, ANY, NONNEGATIVE, POSITIVE, COUNTS

WORD = AS_WORD
SIGNS = {"any": ANY, "nonnegative": NONNEGATIVE, "positive": POSITIVE}
KINDS = {(sign, counts): kind | COUNTS * counts for sign, kind in SIGNS.items() for counts in (False, True)}

# Ten times as much is still a number of C's.
cdef long long MOST = 10**17

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
    cdef int sign = kind & ~COUNTS
    while at < size and is_digit(text[at]):
        is_zero = is_zero and text[at] == c"0"
        at += 1
    if at == begin or at - begin > WHOLE or (text[begin] == c"0" and at - begin > 1):
        return None
    end = at
    if at < size:
        begin = at + 1
        if kind & COUNTS or text[at] != c"." or begin == size or size - begin > BEHIND:
            return None
        for at in range(begin, size):
            if not is_digit(text[at]):
                return None
            if text[at] != c"0":
                is_zero, end = False, at + 1
    if (negative and (is_zero or sign != ANY)) or (is_zero and sign == POSITIVE):
        return None
    return given if end == size else PyUnicode_FromKindAndData(PyUnicode_1BYTE_KIND, text, end)


def is_whole(str size not None, str step not None):
    """Whether a plain number is surely a whole number of steps, and one at least."""
    cdef long long ours, theirs
    cdef int behind = unscaled(step, &theirs) - unscaled(size, &ours)
    if ours <= 0 or theirs <= 0:
        return False
    while behind > 0:
        if ours > MOST:
            return False
        ours, behind = 10 * ours, behind - 1
    while behind < 0:
        if theirs > MOST:
            return False
        theirs, behind = 10 * theirs, behind + 1
    return ours % theirs == 0


cdef int unscaled(str number, long long* digits) noexcept:
    """How many digits stand behind the point of a plain number, and all of them as a whole number; 0 for one that is
    too long, or negative.
    """
    cdef const char* text = PyUnicode_DATA(number)
    cdef Py_ssize_t size = PyUnicode_GET_LENGTH(number), at
    cdef int behind = 0
    digits[0] = 0
    if size > 18 or not PyUnicode_IS_COMPACT_ASCII(number):
        return 0
    for at in range(size):
        if text[at] == c".":
            behind = size - at - 1
        elif is_digit(text[at]):
            digits[0] = 10 * digits[0] + (text[at] - c"0")
        else:
            digits[0] = 0
            return 0
    return behind


def floats(tuple numbers not None):
    """The floats nearest to plain numbers in canonical form."""
    return tuple([nearest(number) for number in numbers])


cdef double nearest(str number) except? -1:
    cdef double found
    if PyUnicode_IS_COMPACT_ASCII(number) and read_short(PyUnicode_DATA(number), PyUnicode_GET_LENGTH(number), &found):
        return found
    return float(number)


cdef class Digits:
    """Numbers, each of one of `KINDS`, as `engine/digits.py` reads them."""

    cdef tuple kinds

    def __cinit__(self, tuple kinds):
        self.kinds = kinds

    def read(self, tuple given not None):
        """Their canonical texts; None where one is not plain."""
        cdef list found = []
        cdef int at
        if len(given) != len(self.kinds):
            return None
        for at in range(len(given)):
            one = given[at]
            number = plain(<str> one, self.kinds[at]) if type(one) is str else None
            if number is None:
                return None
            found.append(number)
        return found


cdef class Taking:
    """Takes the values of facts in one arrangement.

    Args:
        groups: the names of the groups, and of the facts in each.
        values: of each fact, whether it is a `WORD` or which of `KINDS`, and its place among the numbers or the words.

    Raises:
        ValueError: facts and values are not as many, or a place is missing.
    """

    cdef tuple groups, values
    cdef int numbers, words

    def __cinit__(self, tuple groups, tuple values):
        self.groups, self.values = groups, values
        words = sorted([place for kind, place in values if kind == AS_WORD])
        numbers = sorted([place for kind, place in values if kind != AS_WORD])
        self.words, self.numbers = len(words), len(numbers)
        if (sum([len(names) for _, names in groups]) != len(values) or words != [*range(self.words)]
                or numbers != [*range(self.numbers)]):
            raise ValueError("values have places of their own, and as many as there are facts")

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


cdef class Writing:
    """Writes what is said of facts that differ in numbers alone; see `Frame` for its parts.

    Raises:
        ValueError: a text is not all ASCII, as canonical JSON is.
    """

    cdef object copied
    cdef str head, tail, before, subject, rules, after, end
    cdef tuple middle, own, shared

    def __cinit__(self, frame):
        self.copied = frame.hashed.copy
        self.head, self.middle, self.tail, self.own = frame.head, frame.middle, frame.tail, frame.own
        self.before, self.subject, self.rules = frame.before, frame.subject, frame.rules
        self.after, self.end, self.shared = frame.after, frame.end, frame.shared
        for text in (*self.middle, *(self.own or ()), self.head, self.tail, self.before, self.subject, self.after,
                     self.end):
            if type(text) is not str or not PyUnicode_IS_COMPACT_ASCII(text):
                raise ValueError("a text is not all ASCII")

    def facts(self, tuple numbers not None):
        """All facts, and own ones alone."""
        return (
            filled(self.head, self.middle, numbers, self.tail),
            filled("{", self.middle if self.own is None else self.own, numbers, "}"),
        )

    def allowed(self, tuple numbers not None, str size not None):
        """The parts of a decision that allows, of this largest size."""
        cdef str facts, mine
        facts, mine = self.facts(numbers)
        cdef Py_ssize_t head = PyUnicode_GET_LENGTH(self.head)
        hashed = self.copied()
        hashed.update(PyUnicode_DATA(facts)[head:PyUnicode_GET_LENGTH(facts)])
        cdef str name = hashed.hexdigest()
        return (
            True, (), filled(self.before, GAP, (name,), self.subject), self.rules,
            filled(self.after, GAP, (size,), self.end), facts, self.shared, mine,
        )


# A place between two pieces that are empty.
cdef tuple GAP = ("", "")


cdef str filled(str begin, tuple pieces, tuple numbers, str end):
    """A text of pieces with a number between each two."""
    cdef Py_ssize_t size = PyUnicode_GET_LENGTH(begin) + PyUnicode_GET_LENGTH(end), at, place
    if len(numbers) != len(pieces) - 1:
        raise ValueError("there are as many numbers as places")
    for text in pieces:
        size += PyUnicode_GET_LENGTH(text)
    for text in numbers:
        if type(text) is not str or not PyUnicode_IS_COMPACT_ASCII(text):
            raise ValueError("a number is not all ASCII")
        size += PyUnicode_GET_LENGTH(text)
    cdef str made = PyUnicode_New(size, 127)
    cdef char* to = PyUnicode_DATA(made)
    at = put(to, 0, begin)
    for place in range(len(pieces)):
        at = put(to, at, pieces[place])
        if place < len(numbers):
            at = put(to, at, numbers[place])
    put(to, at, end)
    return made


cdef Py_ssize_t put(char* to, Py_ssize_t at, str text) noexcept:
    cdef Py_ssize_t size = PyUnicode_GET_LENGTH(text)
    memcpy(to + at, PyUnicode_DATA(text), size)
    return at + size

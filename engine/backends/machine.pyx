# cython: language_level=3, wraparound=False, initializedcheck=False
"""Runs assembled programs (see `assembler`): the same steps on the same floats as Python would take, in C.

Python's floats are C's doubles, and no step is contracted or reordered, so that each result is the same to the bit.
What is missing, or no number where one is wanted, is what is no number; to ask anything of it is a TypeError, as it
is in Python.

The numbers that a decision compares lie in one row, the facts that stand among them: numbers of a record that was made
a while ago take longer to come by than to compare.
"""

cimport cython
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from cpython.float cimport PyFloat_AS_DOUBLE, PyFloat_CheckExact
from cpython.mem cimport PyMem_Free, PyMem_Malloc
from cpython.object cimport (
    Py_EQ, Py_GE, Py_GT, Py_LE, Py_LT, Py_NE, PyObject, PyObject_IsTrue, PyObject_RichCompareBool,
)
from cpython.sequence cimport PySequence_Contains
from libc.math cimport NAN, fabs
from libc.string cimport memcpy

cdef extern from "Python.h":
    PyObject* PyTuple_GET_ITEM(object, Py_ssize_t)

# Where an object is: among the facts that stand, own ones, what is bound; or it is all of the first or second.
cdef enum:
    FACTS, OWN, BOUND, ALL

BANKS = {"facts": FACTS, "own": OWN, "bound": BOUND, "all": ALL}

# What a step does; by these names the assembler writes them.
cdef enum:
    COPY, ADD, SUBTRACT, MULTIPLY, NEGATE, SIZE, LESSER, GREATER, ADD_PRODUCT, SUBTRACT_PRODUCT
    GO, IF_LESS, IF_AT_MOST, IF_EQUAL, IF_UNEQUAL, IF_SET, IF_MISSING, IF_AT_MOST_PRODUCT
    IF_COMPARED, IF_IN, IF_TRUE, IF_NONE, IF_SAID
    NOTE, NOTE_UNSURE, ANSWER, ANSWER_NONE, ANSWER_YES, ANSWER_NO

OPERATIONS = {
    "copy": COPY, "add": ADD, "subtract": SUBTRACT, "multiply": MULTIPLY, "negate": NEGATE, "size": SIZE,
    "lesser": LESSER, "greater": GREATER, "go": GO, "if_less": IF_LESS, "if_at_most": IF_AT_MOST,
    "if_equal": IF_EQUAL, "if_unequal": IF_UNEQUAL, "if_set": IF_SET, "if_missing": IF_MISSING,
    "if_compared": IF_COMPARED, "if_in": IF_IN, "if_true": IF_TRUE, "if_none": IF_NONE, "if_said": IF_SAID,
    "add_product": ADD_PRODUCT, "subtract_product": SUBTRACT_PRODUCT, "if_at_most_product": IF_AT_MOST_PRODUCT,
    "note": NOTE, "note_unsure": NOTE_UNSURE, "answer": ANSWER, "answer_none": ANSWER_NONE,
    "answer_yes": ANSWER_YES, "answer_no": ANSWER_NO,
}
COMPARISONS = {"<": Py_LT, "<=": Py_LE, "==": Py_EQ, "!=": Py_NE, ">": Py_GT, ">=": Py_GE}

cdef double number_of(object value) noexcept:
    """A number as it is, a truth as 1 or 0, all else as what is no number."""
    if PyFloat_CheckExact(value):
        return PyFloat_AS_DOUBLE(value)
    return 1 if value is True else 0 if value is False else NAN


def packed(tuple values):
    """Facts one behind the other, as doubles; not a number where one is no number and no truth."""
    cdef bytes made = PyBytes_FromStringAndSize(NULL, len(values) * sizeof(double))
    cdef double* numbers = <double*> PyBytes_AS_STRING(made)
    cdef Py_ssize_t at
    for at in range(len(values)):
        numbers[at] = number_of(<object> PyTuple_GET_ITEM(values, at))
    return made


@cython.no_gc
@cython.auto_pickle(False)
cdef class Asked:
    """What a program is asked about: facts that stand, own ones as they were given, and the row of both."""

    def __init__(self, standing, tuple raws not None, floats):
        self.standing, self.raws, self.floats = standing, raws, floats


cdef class Code:
    """A program's steps, for every subject and actor.

    Its first registers are those of a row: own facts, then those that stand, then truths: whether an own fact is a
    word.

    Args:
        steps: of each: what, to, a, b, c, bank_a, bank_b, how.
        own: how many own facts there are.
        facts: the places of the facts that stand, of which numbers are read.
        words: of each truth, the place of the own fact, and the word.
        constants: of each bound float, its register and its place among what is bound.
        fixed: of each other constant, its register and value.
        registers: how many there are.
        notes: how many gates may be noted.

    Raises:
        ValueError: there is no such step, or it is about what is not there, or it goes back; or the last is no answer.
    """

    def __cinit__(self, list steps, int own, tuple facts, tuple words, tuple constants, tuple fixed, int registers,
                  int notes):
        self.own, self.facts = own, len(facts)
        self.width = own + len(facts) + len(words)
        self.words, self.constants, self.fixed, self.registers, self.notes = words, constants, fixed, registers, notes
        if not 0 <= own <= self.width <= registers:
            raise ValueError("a row is longer than its program has registers")
        self.alone = tuple([(place,) for place in range(notes)])
        self.steps = <Step*> PyMem_Malloc(max(len(steps), 1) * sizeof(Step))
        self.places = <int*> PyMem_Malloc((len(facts) + 1) * sizeof(int))
        if self.steps is NULL or self.places is NULL:
            raise MemoryError
        cdef int at
        cdef int[2] noted = [0, 0]
        for at, step in enumerate(steps):
            (self.steps[at].what, self.steps[at].to, self.steps[at].a, self.steps[at].b, self.steps[at].c,
             self.steps[at].bank_a, self.steps[at].bank_b, self.steps[at].how) = step
            if not self.can_run(&self.steps[at], at, len(steps), noted):
                raise ValueError(f"there is no such step: {step}")
        if not steps or self.steps[len(steps) - 1].what < ANSWER:
            raise ValueError("a program ends without an answer")
        for at, place in enumerate(facts):
            self.places[at] = place
            if self.places[at] < 0:
                raise ValueError(f"there is no such place: {place}")
            self.reach = max(self.reach, <Py_ssize_t> self.places[at] + 1)

    cdef bint can_run(self, Step* step, int at, Py_ssize_t size, int* noted):
        """Whether a step reads and writes what is there, and goes on; `noted` counts those that note a gate.

        The places of objects are looked at when they are read.
        """
        cdef int what = step.what, doubt = what == NOTE_UNSURE
        cdef bint read = min(step.a, step.b, step.c) >= 0 and max(step.a, step.b, step.c) < self.registers
        if what <= SUBTRACT_PRODUCT:
            return what >= COPY and read and 0 <= step.to < self.registers
        if what <= IF_SAID and not at < step.to < size:
            return False
        if GO < what <= IF_AT_MOST_PRODUCT:
            return read
        if what == IF_COMPARED:
            return Py_LT <= step.how <= Py_GE
        if what == NOTE or doubt:  # each gate once: there is no room for more
            noted[doubt] += 1
            return noted[doubt] <= self.notes and 0 <= (~step.a if doubt else step.a) < self.notes
        return what <= ANSWER_NO

    def __dealloc__(self):
        PyMem_Free(self.steps)
        PyMem_Free(self.places)

    def row(self, bytes standing not None, tuple own not None):
        """The row that a program reads.

        Args:
            standing: the facts that stand, `packed`.
            own: the others, with floats for numbers.
        """
        cdef bytes made = PyBytes_FromStringAndSize(NULL, self.width * sizeof(double))
        cdef double* numbers = <double*> PyBytes_AS_STRING(made)
        cdef int at
        self.fill(numbers, standing, own)
        for at in range(self.own):
            numbers[at] = number_of(<object> PyTuple_GET_ITEM(own, at))
        return made

    cdef int fill(self, double* numbers, object standing, tuple own) except -1:
        """Put into a row all but own facts.

        Args:
            numbers: the row.
            standing: the facts that stand, `packed`.
            own: the others; the words among them are read.
        """
        if len(own) != self.own or PyBytes_GET_SIZE(<bytes?> standing) < <Py_ssize_t> (self.reach * sizeof(double)):
            raise ValueError("these are facts of another program")
        cdef double* facts = <double*> PyBytes_AS_STRING(standing)
        cdef int at
        for at in range(self.facts):
            numbers[self.own + at] = facts[self.places[at]]
        at = self.own + self.facts
        for place, word in self.words:
            numbers[at] = PyObject_RichCompareBool(own[<int> place], word, Py_EQ)
            at += 1
        return 0


cdef class Machine:
    """A program with what is bound to it: the values of a subject and an actor.

    Args:
        code: its steps.
        bound: the values, in order.

    Raises:
        TypeError: a number that is bound is no float.
        IndexError: there is no such register.
    """

    def __cinit__(self, Code code not None, tuple bound not None):
        self.code, self.bound, self.busy = code, bound, False
        self.registers = <double*> PyMem_Malloc((code.registers + 1) * sizeof(double))
        self.noted = <int*> PyMem_Malloc((2 * code.notes + 1) * sizeof(int))
        if self.registers is NULL or self.noted is NULL:
            raise MemoryError
        for register, place in code.constants:
            if type(bound[place]) is not float:
                raise TypeError("a number that is bound is no float")
            self.put(register, bound[place])
        for register, value in code.fixed:
            self.put(register, value)

    cdef int put(self, int register, double value) except -1:
        if not 0 <= register < self.code.registers:
            raise IndexError(f"there is no register {register}")
        self.registers[register] = value
        return 0

    def __dealloc__(self):
        PyMem_Free(self.registers)
        PyMem_Free(self.noted)

    def run(self, standing, row, tuple raws not None):
        """What the program says of facts that stand and own ones: places of gates, of those in doubt first ~place.

        Args:
            standing: the facts that stand, as `values`.
            row: what `Code.row` made of them and own ones.
            raws: own ones as they were given.

        Raises:
            TypeError: a fact is missing.
        """
        return self.say(Asked(standing, raws, row), self.code.width)

    def __call__(self, row, tuple raws not None):
        """What a program says that reads own facts alone; no, where these come as no row."""
        return type(row) is bytes and self.passes(Asked(None, raws, row))

    cdef bint passes(self, Asked asked) except -1:
        """The same of facts that come as a row."""
        try:
            return self.say(asked, self.code.own)
        except TypeError:
            return False

    cdef object say(self, Asked asked, int width):
        """What the program says, which reads so much of the row."""
        if PyBytes_GET_SIZE(<bytes?> asked.floats) < <Py_ssize_t> (width * sizeof(double)):
            raise ValueError("a row is that of another program")
        if self.busy:  # in another thread, at what it asks of Python
            return Machine(self.code, self.bound).say(asked, width)
        memcpy(self.registers, PyBytes_AS_STRING(asked.floats), width * sizeof(double))
        self.busy = True
        try:
            return self._run(asked)
        finally:
            self.busy = False

    cdef object _object(self, Asked asked, int bank, int place):
        """An object where it is."""
        if bank == OWN:
            return asked.raws[place]
        if bank == BOUND:
            return self.bound[place]
        if bank == FACTS:
            return asked.standing.values[place]
        return asked.standing.values if place == FACTS else asked.raws

    cdef object _run(self, Asked asked):
        cdef double* r = self.registers
        cdef Step* steps = self.code.steps
        cdef Step* step
        cdef Step* then = steps
        cdef int before = 0, behind = 0, what
        cdef int most = self.code.notes
        cdef int* noted = self.noted
        cdef double product
        cdef bint holds
        while True:
            step = then
            then += 1
            what = step.what
            if what == MULTIPLY:
                r[step.to] = r[step.a] * r[step.b]
            elif what == ADD:
                r[step.to] = r[step.a] + r[step.b]
            elif what == SUBTRACT:
                r[step.to] = r[step.a] - r[step.b]
            elif what == IF_AT_MOST:
                if r[step.a] <= r[step.b]:
                    then = steps + step.to
                elif not r[step.a] > r[step.b]:
                    raise TypeError("a fact is missing")
            elif what == IF_LESS:
                if r[step.a] < r[step.b]:
                    then = steps + step.to
                elif not r[step.a] >= r[step.b]:
                    raise TypeError("a fact is missing")
            elif what == ADD_PRODUCT:
                r[step.to] = r[step.c] + r[step.a] * r[step.b]
            elif what == SUBTRACT_PRODUCT:
                r[step.to] = r[step.c] - r[step.a] * r[step.b]
            elif what == IF_AT_MOST_PRODUCT:
                product = r[step.a] * r[step.b]
                if r[step.c] <= product:
                    then = steps + step.to
                elif not r[step.c] > product:
                    raise TypeError("a fact is missing")
            elif what == GO:
                then = steps + step.to
            elif what == COPY:
                r[step.to] = r[step.a]
            elif what == SIZE:
                r[step.to] = fabs(r[step.a])
            elif what == NEGATE:
                r[step.to] = -r[step.a]
            elif what == GREATER:
                r[step.to] = r[step.b] if r[step.b] > r[step.a] or r[step.b] != r[step.b] else r[step.a]
            elif what == LESSER:
                r[step.to] = r[step.b] if r[step.b] < r[step.a] or r[step.b] != r[step.b] else r[step.a]
            elif what == IF_EQUAL:
                if r[step.a] == r[step.b]:
                    then = steps + step.to
                elif r[step.a] != r[step.a] or r[step.b] != r[step.b]:
                    raise TypeError("a fact is missing")
            elif what == IF_UNEQUAL:
                if r[step.a] != r[step.a] or r[step.b] != r[step.b]:
                    raise TypeError("a fact is missing")
                if r[step.a] != r[step.b]:
                    then = steps + step.to
            elif what == IF_SET:
                if r[step.a] != r[step.a]:
                    raise TypeError("a fact is missing")
                if r[step.a] != 0:
                    then = steps + step.to
            elif what == IF_MISSING:
                if r[step.a] != r[step.a]:
                    then = steps + step.to
            elif what == NOTE:
                noted[most + behind] = step.a
                behind += 1
            elif what == NOTE_UNSURE:
                before += 1
                noted[most - before] = step.a
            elif what == ANSWER:
                if before + behind == 0:
                    return ()
                if before == 0 and behind == 1:
                    return <object> PyTuple_GET_ITEM(self.code.alone, noted[most])
                return tuple([noted[most - before + place] for place in range(before + behind)])
            elif what == ANSWER_YES:
                return True
            elif what == ANSWER_NO:
                return False
            elif what == ANSWER_NONE:
                return None
            else:
                one = self._object(asked, step.bank_a, step.a)
                if what == IF_TRUE:
                    holds = PyObject_IsTrue(one)
                elif what == IF_NONE:
                    holds = one is None
                else:
                    other = self._object(asked, step.bank_b, step.b)
                    if what == IF_COMPARED:
                        holds = PyObject_RichCompareBool(one, other, step.how)
                    elif what == IF_IN:
                        holds = PySequence_Contains(other, one)
                    else:
                        holds = PyObject_IsTrue(self.bound[step.how](one, other))
                if holds:
                    then = steps + step.to

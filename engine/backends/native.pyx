# cython: language_level=3, wraparound=False, initializedcheck=False
"""Records and verdicts as C holds them, and how values become records: what `engine.records` and `intake` do in Python.

Of a record that floats are certain of, the answer is found here. Of all others it is Python's.
"""

cimport cython
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize
from cpython.float cimport PyFloat_AS_DOUBLE
from cpython.long cimport PyLong_AsLong
from cpython.mem cimport PyMem_Free, PyMem_Malloc
from cpython.number cimport PyNumber_Float
from cpython.object cimport PyObject
from cpython.unicode cimport PyUnicode_AsUTF8AndSize

from engine.backends.machine cimport Asked, Machine, number_of
from engine.backends.short cimport read_short

cdef extern from "Python.h":
    PyObject* PyTuple_GET_ITEM(object, Py_ssize_t)

# How a value is taken: a number, a truth, a word, the name of somebody, or what the reader makes of it.
cdef enum:
    NUMBER, TRUTH, WORD, NAME, READ

KINDS = {"number": NUMBER, "truth": TRUTH, "word": WORD, "name": NAME, "read": READ}

cdef double LEAST = -1e30, MOST = 1e30


@cython.no_gc
@cython.auto_pickle(False)
cdef class Facts(Asked):
    """The parts of a record; see `engine.records`."""

    cdef readonly Machine passes
    cdef Machine machine
    cdef readonly object guarded

    def __init__(self, standing, tuple raws not None, floats, guarded, Machine passes):
        Asked.__init__(self, standing, raws, floats)
        self.guarded, self.passes = guarded, passes
        self.machine = None if guarded is None else guarded.machine

    def decide(self):
        """What the gates say."""
        cdef Machine passes = self.passes, machine = self.machine  # held: what they ask of Python might part with them
        cdef tuple said
        if passes is not None and passes.passes(self):
            return verdict(self, (), True)
        if machine is not None:
            try:
                said = machine.say(self, machine.code.width)
            except (TypeError, ArithmeticError):  # a fact is missing
                said = None
            if said is not None and len(said) == 0:
                return verdict(self, said, True)
            if said is not None and machine.reasons is not None and first(said) >= 0:
                return verdict(self, said, False)
        return self.weigh()


@cython.final
@cython.no_gc
@cython.auto_pickle(False)
@cython.freelist(64)
cdef class Verdict:
    """What the gates say of a record; see `engine.records`."""

    cdef readonly Facts record
    cdef readonly object said
    cdef readonly bint allowed

    def __init__(self, Facts record not None, said, bint allowed):
        self.record, self.said, self.allowed = record, said, allowed

    @property
    def reasons(self):
        """The veto reasons, in file order."""
        if type(self.said) is tuple:
            machine = self.record.machine
            if machine is not None and machine.reasons is not None:
                return machine.reasons[self.said]
            return self.record.guarded.reasons[self.said]
        return (self.said,) if type(self.said) is str else self.said.reasons

    @property
    def stopping(self):
        """The places of the gates that stop it, those in shadow among them."""
        return self.record.stopping(self.said)

    @property
    def judgements(self):
        """The gates that stop it, those in shadow among them, with what each compared, exactly."""
        return self.record.judgements(self.said)

    @property
    def decision(self):
        """The whole decision, with every reason in words, its id, and the largest size that would pass."""
        return self.record.decision(self.said)


cdef long first(tuple places) noexcept:
    """The first place of some."""
    return PyLong_AsLong(<object> PyTuple_GET_ITEM(places, 0))


cdef Verdict verdict(Facts record, object said, bint allowed):
    cdef Verdict made = Verdict.__new__(Verdict)
    made.record, made.said, made.allowed = record, said, allowed
    return made


cdef struct Kind:
    int what
    bint negative, zero  # whether a number may be that
    bint is_word         # whether it is no number, so that tests of what passes are each for one


cdef class Intake:
    """Takes values in, each as its kind is; whatever is not plain is left to those who read one by one.

    Args:
        kinds: of each value: its kind, whether a number may be negative, and whether zero, whether it is no number; the
            words that there are, or what reads it.
        subject, actor: the places of the values that name them, -1 where they are among the facts that stand.
        bound: `engine`, of whose facts records are made; `programs` by subject and actor; `number`, the type of exact
            numbers; `check`, which raises where one is too long; `record`, what is made; `otherwise`, which makes one
            of any values.
    """

    cdef Kind* kinds
    cdef tuple how
    cdef Py_ssize_t subject, actor, count
    cdef bint reads
    cdef object engine, check, number, record, otherwise
    cdef dict programs

    def __cinit__(self, list kinds, Py_ssize_t subject, Py_ssize_t actor, dict bound):
        self.subject, self.actor, self.count = subject, actor, len(kinds)
        self.engine, self.programs, self.number = bound["engine"], bound["programs"], bound["number"]
        self.check, self.record, self.otherwise = bound["check"], bound["record"], bound["otherwise"]
        self.kinds = <Kind*> PyMem_Malloc((self.count + 1) * sizeof(Kind))
        if self.kinds is NULL:
            raise MemoryError
        cdef Py_ssize_t at
        for at, (what, negative, zero, is_word, _) in enumerate(kinds):
            self.kinds[at] = Kind(what, negative, zero, is_word)
            self.reads |= what == READ
        self.how = tuple([how for *_, how in kinds])

    def __dealloc__(self):
        PyMem_Free(self.kinds)

    def take(self, standing, *raws):
        """The record of values over facts that stand."""
        if len(raws) != self.count:
            raise TypeError(f"{self.count} values are taken in, and {len(raws)} were given")
        try:
            made = self._taken(standing, raws)
        except (KeyError, TypeError, ValueError, ArithmeticError):
            made = None
        return self.otherwise(standing, raws) if made is None else made

    cdef Facts _taken(self, object standing, tuple raws):
        if standing.ready is not self.engine:
            return None
        guarded = self.programs[word(raws[self.subject]) if self.subject >= 0 else standing.subject,
                                word(raws[self.actor]) if self.actor >= 0 else standing.actor]
        cdef Machine machine = guarded.machine
        if machine is not None and machine.code.own != self.count:
            return None
        cdef Py_ssize_t at, width = self.count if machine is None else machine.code.width
        cdef bytes row = PyBytes_FromStringAndSize(NULL, width * sizeof(double))
        cdef double* numbers = <double*> PyBytes_AS_STRING(row)
        if self.reads:
            raws = tuple([self.how[at](raws[at])[0] if self.kinds[at].what == READ else raws[at]
                          for at in range(self.count)])
        for at in range(self.count):
            if not self._is_plain(at, raws[at], &numbers[at]):
                return None
        cdef Facts made = Facts.__new__(self.record)
        made.standing, made.raws, made.guarded, made.machine = standing, raws, guarded, machine
        if machine is None:  # a program that is run in Python
            made.floats = tuple([numbers[at] if type(raws[at]) is self.number else raws[at]
                                 for at in range(self.count)])
        else:
            machine.code.fill(numbers, standing.numbers, raws)
            made.floats = row
        leeways = standing.leeways
        if leeways is not None:
            made.passes = leeways[(guarded, *[raws[at] for at in range(self.count) if self.kinds[at].is_word])]
        return made

    cdef bint _is_plain(self, Py_ssize_t at, object raw, double* number) except -1:
        """Whether a value is plain; `number` takes the float nearest to it."""
        cdef Kind kind = self.kinds[at]
        cdef str digits
        cdef const char* text
        cdef Py_ssize_t size
        number[0] = number_of(raw)
        if kind.what == NUMBER:
            if type(raw) is not self.number:
                return False
            digits = str(raw)
            text = PyUnicode_AsUTF8AndSize(digits, &size)  # as long as they are there
            if not read_short(text, size, number):
                self.check(raw)
                number[0] = PyFloat_AS_DOUBLE(PyNumber_Float(raw))
            if number[0] == 0:
                return kind.zero
            return (LEAST if kind.negative else 0) <= number[0] <= MOST
        if kind.what == TRUTH:
            return raw is True or raw is False
        if kind.what == WORD:
            return word(raw) in <frozenset?> self.how[at]
        if kind.what == READ and type(raw) is self.number:
            number[0] = PyFloat_AS_DOUBLE(PyNumber_Float(raw))
        return True


cdef object word(object raw):
    """A word as it is; one of a class of its own might say that it is another."""
    if type(raw) is not str:
        raise TypeError
    return raw

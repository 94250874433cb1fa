from generator.change.words import Class
from tests.engine.random_rules import Dice, RuleMaker, Shape, asked
from tests.generator.change import laws
from tests.generator.change.random_edits import EditCase, as_universe


def test_what_is_not_called_a_loosening_lets_nothing_through_and_holds_no_exit() -> None:
    """TIGHTEN never allows more nor holds an exit; EQUIVALENT and COSMETIC change no answer; with zero tolerance."""
    laws.no_lie(120)


def test_several_edits_at_once_never_add_up_to_more_than_their_class() -> None:
    """The worst of the parts is the class of the whole, whatever the parts do together."""
    laws.no_sum_of_lies(60)


def test_what_is_the_same_has_no_change_and_what_differs_has_one() -> None:
    """The diff is total: no difference of documents is passed over, and none is made up."""
    laws.total(60)


def test_a_lie_would_be_found() -> None:
    """Where everything is let through that was stopped, the facts that show it contradict any word but a loosening."""
    dice = Dice(7)
    document = RuleMaker(dice, Shape(), 5).document()
    facts = [asked(dice, document) for _ in range(12)]
    strict = as_universe(document)
    loose = {**strict, "gates": [{**gate, "mode": "shadow", "until": "2099-12-31"} for gate in strict["gates"]]}

    assert laws.word_of(EditCase(strict, loose, facts)) is Class.LOOSEN
    assert laws.contradictions(EditCase(strict, loose, facts), Class.TIGHTEN)

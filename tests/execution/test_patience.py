"""A strategy that hangs holds up nobody."""

from dataclasses import dataclass, field
from threading import Event as Signal

from execution.events import ExitTriggered, KillSwitched, PositionClosed, StrategyFailed
from execution.journal import give
from execution.patience import Patience
from tests.execution.arena import HOUR, START, WARM, Arena, Told, bar, buy, calm, feed_of, of, told
from universe.protocol import Answer, View

BEGUN = START + WARM * HOUR


@dataclass
class Hanging:
    """A strategy that stops answering from a time on, until it is let go."""

    hangs: int
    until: Signal = field(default_factory=Signal)
    name: str = "vol_target"
    symbols: tuple[str, ...] = ("BTCUSDT",)
    every: int = HOUR
    warm_up: int = 1
    asked: int = 0

    def intents(self, view: View) -> Answer:
        """Nothing, sooner or later."""
        self.asked += 1
        if view.time >= self.hangs:
            self.until.wait(60)
        return Answer((), {})


def falling(hours):
    """A calm day, then a price that falls by two in a hundred each hour."""
    bars, price = calm("BTCUSDT", WARM, 50_000), 50_000
    for i in range(hours):
        after = round(price * 0.98)
        bars.append(bar("BTCUSDT", BEGUN + i * HOUR, (price, price + 1, after - 1, after)))
        price = after
    return feed_of(bars)


def impatient(loop, tick):
    """Wait a tenth of a second for each strategy."""
    if not isinstance(loop.desk.patience, Brief):
        loop.desk.patience = Brief()


class Brief(Patience):
    """Patience that ends soon."""

    def __init__(self):
        super().__init__(0.1)

    def wait_for(self, strategy):
        """Until it has said what nobody listens to any more."""
        said = self._workers[strategy.name].said
        said.put(said.get(timeout=60))


def test_exits_are_carried_out_and_the_kill_switch_is_heard_while_a_strategy_hangs(tmp_path):
    """It is said once that it hangs; the other's position is left by its stop; entries stop when a person says so."""
    hanging = Hanging(BEGUN)
    trading = told({BEGUN: [buy("BTCUSDT", "0.005")], BEGUN + 5 * HOUR: [buy("BTCUSDT", "0.005")]}, ("BTCUSDT",))

    def before(loop, tick):
        impatient(loop, tick)
        if tick.time == BEGUN + 4 * HOUR:
            give(tmp_path, KillSwitched.kind, {"on": True, "by": "Ana", "why": "a strategy hangs"}, now=0)

    arena = Arena(tmp_path, falling(8), [hanging, trading], before=before)
    events = arena.run()
    hanging.until.set()

    assert [e.strategy for e in of(events, StrategyFailed)] == ["vol_target"]
    assert "no answer within 0.1 s" in of(events, StrategyFailed)[0].text
    assert of(events, ExitTriggered)
    assert [c.reason for c in of(events, PositionClosed)] == ["stop_loss"]
    assert of(events, KillSwitched)
    assert not arena.loop.desk.books.ledger.positions


def test_one_that_answers_again_is_asked_again_and_what_it_said_late_is_not_heard(tmp_path):
    """After it was let go, it is asked at its next bar."""
    hanging = Hanging(BEGUN)

    def before(loop, tick):
        impatient(loop, tick)
        if tick.time == BEGUN + 3 * HOUR:
            hanging.hangs = BEGUN + 100 * HOUR
            hanging.until.set()
            loop.desk.patience.wait_for(hanging)

    arena = Arena(tmp_path, falling(8), [hanging], before=before)
    events = arena.run()

    assert len(of(events, StrategyFailed)) == 1
    assert hanging.asked > WARM + 2


def test_an_answer_in_time_is_the_same_as_without_a_thread(tmp_path):
    """The strategy's own errors come through, and its answers."""
    patience, strategy = Patience(), Told("momentum", {}, ())
    view = View(BEGUN, {}, {}, {}, None, {})

    assert patience.ask(strategy, view) == strategy.intents(view)

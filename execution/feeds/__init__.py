"""Feeds: what the market shows, as `Tick`s in the order of time.

feed = open_folder(Path("klines/1m"), universe_symbols)    # recorded candles
feed = synthetic({"BTCUSDT": Decimal(95000)}, {"BTCUSDT": Decimal("0.1")}, seed=7, days=14)
for tick in feed: …

A bar stands in the tick of the second at which it closes, never earlier. Iterating twice gives the same ticks.
Data that can't be trusted raise `FeedFault`, with place and help; whatever was repaired, skipped or is missing
is a `Remark`, in the tick where it was found or in `feed.remarks` when it is known before the first.

| file | what |
|---|---|
| `feed.py` | `Feed`: what every feed says of itself |
| `faults.py`, `remarks.py` | the closed lists of faults and remarks, with their wordings |
| `lines.py`, `times.py` | bytes of a file as bounded lines of numbers; times as they are written |
| `sources.py` | which files a folder holds, and a first pass over each: layout, interval, span, hash |
| `rows.py`, `sequence.py` | rows as bars, fundings and marks; their order, duplicates and gaps |
| `plausible.py` | jumps, and rows of one symbol in the file of another |
| `merge.py` | several symbols as one stream of ticks |
| `folder.py` | `open_folder` |
| `dice.py`, `regimes.py`, `walk.py`, `synthetic.py` | the synthetic market: chance, moods, one symbol, all of them |

To read another layout: `sources.py` (its header) and `rows.py` (its columns). To refuse or repair something new:
a code with its wording first, then the place that finds it. May import `universe` and `engine`.
"""

from execution.feeds.faults import Fault, FeedFault, Flaw
from execution.feeds.feed import Feed
from execution.feeds.folder import open_folder
from execution.feeds.remarks import RemarkCode
from execution.feeds.synthetic import synthetic

__all__ = ["Fault", "Feed", "FeedFault", "Flaw", "RemarkCode", "open_folder", "synthetic"]

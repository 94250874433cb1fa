"""What a run leaves behind for people and other programs: eight state files and four logs, all views of its journal.

`views` folds them, `publisher` writes them; one file here for each state file. `schemas/state.yaml` declares every
field. A reader may import this package and nothing else of the house's acting half.
"""

from execution.state.publisher import EXECUTION, STATE, Publisher, PublishFault, rebuild
from execution.state.views import Views, fold

__all__ = ["EXECUTION", "STATE", "PublishFault", "Publisher", "Views", "fold", "rebuild"]

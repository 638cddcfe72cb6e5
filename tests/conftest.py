from __future__ import annotations

import sys
from pathlib import Path

from hypothesis import settings

# Tests import what they share (the scripted driver, for one) by its plain name.
sys.path.insert(0, str(Path(__file__).parent / "support"))

# An example may take as long as a busy machine makes it; how long things take is measured in benchmarks/.
settings.register_profile("hitl", deadline=None)
settings.load_profile("hitl")

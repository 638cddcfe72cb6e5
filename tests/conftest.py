from __future__ import annotations

import sys
from pathlib import Path

# Tests import what they share (the scripted driver, for one) by its plain name.
sys.path.insert(0, str(Path(__file__).parent / "unit"))

"""The fault list: every case, by name."""

from __future__ import annotations

import cases_broken
import cases_content
import cases_origin
import cases_policy
import cases_time
from cases import Case

MODULES = (cases_broken, cases_content, cases_policy, cases_time, cases_origin)
ALL = [case for module in MODULES for case in module.CASES]
CASES: dict[str, Case] = {case.name: case for case in ALL}

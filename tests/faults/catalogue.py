"""The fault list: every case, by name."""

from __future__ import annotations

from itertools import chain

import cases_broken
import cases_content
import cases_origin
import cases_policy
import cases_time
from cases import Case

ALL = [*chain.from_iterable(m.CASES for m in (cases_broken, cases_content, cases_policy, cases_time, cases_origin))]
CASES: dict[str, Case] = {case.name: case for case in ALL}

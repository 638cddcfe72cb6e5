from enum import StrEnum
from typing import Self


class SelfApproval(StrEnum):
    ALLOW = "allow"
    REFUSE = "refuse"
    WARN = "warn"

    @classmethod
    def _missing_(cls, value: object) -> Self | None:
        """Keep a word that the server learned later: its member is not in the class, its value is the word"""
        if not isinstance(value, str):
            return None
        member = str.__new__(cls, value)
        member._name_ = "UNKNOWN"
        member._value_ = value
        return member

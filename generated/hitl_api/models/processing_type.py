from enum import StrEnum
from typing import Self


class ProcessingType(StrEnum):
    DEFERRED = "deferred"
    TIME_SENSITIVE = "time-sensitive"

    @classmethod
    def _missing_(cls, value: object) -> Self | None:
        """Keep a word that the server learned later: its member is not in the class, its value is the word"""
        if not isinstance(value, str):
            return None
        member = str.__new__(cls, value)
        member._name_ = "UNKNOWN"
        member._value_ = value
        return member

    def __reduce_ex__(self, protocol: object) -> tuple[type[Self], tuple[str]]:
        """Pickle and copy by the value: Python 3.11.0 to 3.11.3 would look the name up in the class"""
        return type(self), (self._value_,)

"""Rules about which calls are asked about: the first that matches decides."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any, Final, Literal, TypeAlias

from attrs import frozen

from hitl.approval.calls import Call
from hitl.approval.canonical import hash_of
from hitl.approval.steps import Do, Flow
from hitl.exceptions import ConfigurationError

Effect: TypeAlias = Literal["ask", "allow", "deny"]
Predicate: TypeAlias = Callable[[Call], Any]
"""Returns a bool, or in an asynchronous gate something that is awaited for one."""


_STRICTEST: Final[tuple[Effect, ...]] = ("deny", "ask", "allow")
_LONGEST: Final = 7 * 24 * 60  # minutes
_MOST: Final = 1_000_000  # uses


@frozen
class Allowance:
    """Leave that a person may give together with a yes: for a while, calls that the rule matches run without asking.

    It is bound to the rule, the function and the function's version, and holds for the calls that the rule matches.

    Attributes:
        minutes: How long it holds, from the yes on; at most a week.
        uses: For so many calls; None for any number.
    """

    minutes: float
    uses: int | None = None

    def __attrs_post_init__(self) -> None:
        is_time = type(self.minutes) in (int, float) and 0 < self.minutes <= _LONGEST
        if not is_time or not (self.uses is None or (type(self.uses) is int and 1 <= self.uses <= _MOST)):
            raise ConfigurationError(
                f"an allowance needs minutes= between 0 and {_LONGEST}, and uses= from 1 to {_MOST}; got {self!r:.80}"
            )


@frozen
class Ruling:
    """What a policy says about a call; `allowance` is what the person who is asked may give."""

    effect: Effect
    rule: str
    is_shadow: bool = False
    allowance: Allowance | None = None


class Rule:
    """A rule about calls.

    Args:
        name: What records and refusals call it.
        deny: True, or a predicate; matching calls never run.
        allow: The same; matching calls run without being asked about.
        ask: The same; matching calls are asked about.
        function: Only calls of this function, such as "shop.refunds:refund".
        one_in: Of the calls that `ask` matches, ask about one in so many, and allow the others. The same call always
            falls the same way, so that a retry cannot fish for a free one.
        allowance: What the person who is asked may give besides: leave for the calls to come that `ask` matches. Name
            the rule anew when its predicate means something else: what was given for the old one ends.

    Raises:
        ConfigurationError: not exactly one of deny, allow and ask was given, or what belongs to `ask` alone was given
            to another.
    """

    def __init__(
        self,
        name: str,
        *,
        deny: Predicate | Literal[True] | None = None,
        allow: Predicate | Literal[True] | None = None,
        ask: Predicate | Literal[True] | None = None,
        function: str | None = None,
        one_in: int | None = None,
        allowance: Allowance | None = None,
    ) -> None:
        given: dict[Effect, Any] = {"deny": deny, "allow": allow, "ask": ask}
        named: list[tuple[Effect, Any]] = [each for each in given.items() if each[1] is not None]
        if len(named) != 1 or not (named[0][1] is True or callable(named[0][1])):
            raise ConfigurationError(
                f"the rule {name!r} needs exactly one of deny=, allow= and ask=: True, or a function of the call"
            )
        if one_in is not None and (named[0][0] != "ask" or isinstance(one_in, bool) or one_in < 1):
            raise ConfigurationError(f"the rule {name!r}: one_in= is a whole number from 1, and belongs to ask=")
        if allowance is not None and named[0][0] != "ask":
            raise ConfigurationError(f"the rule {name!r}: allowance= belongs to ask=, for a person gives it")
        self.name = name
        self.effect: Effect = named[0][0]
        self.matches: Predicate | Literal[True] = named[0][1]
        self.function = function
        self.one_in = one_in
        self.allowance = allowance


class Policy:
    """Rules in order; the first that matches a call decides.

    Args:
        rules: The rules.
        otherwise: What happens to a call that no rule matches; "allow" has to be written.
        shadow: Record what would be asked, and run it; what is denied stays denied. To learn what a policy would ask.
        salt: What sampling depends on; keep it from the agent, or it can choose arguments that pass.

    Raises:
        ConfigurationError: a rule samples, and there is no salt.
    """

    def __init__(
        self,
        rules: Sequence[Rule] = (),
        *,
        otherwise: Effect = "ask",
        shadow: bool = False,
        salt: str | None = None,
    ) -> None:
        if otherwise not in ("ask", "allow", "deny"):
            raise ConfigurationError(f"otherwise= must be 'ask', 'allow' or 'deny'; got {otherwise!r}")
        if salt is None and any(each.one_in for each in rules):
            raise ConfigurationError("one_in= needs a salt= that the agent does not know, or it can choose what passes")
        self.rules = tuple(rules)
        self.otherwise: Effect = otherwise
        self.shadow = shadow
        self._salt = salt or ""

    def before(self, condition: Policy) -> Policy:
        """Return the policy with a condition: deny goes before ask, and ask before allow."""
        return _Both(self, condition)

    def ruling(self, call: Call) -> Flow[Ruling]:
        """Return what the policy says about a call; a predicate that raises, or returns no bool, stops the call."""
        for rule in self.rules:
            if rule.function in (None, call.function) and (yield from _holds(rule, call)):
                found = Ruling(rule.effect, rule.name, allowance=rule.allowance)
                if rule.one_in and not self._is_sample(call, rule.one_in):
                    found = Ruling("allow", rule.name)
                break
        else:
            found = Ruling(self.otherwise, "otherwise")
        return Ruling("allow", found.rule, is_shadow=True) if self.shadow and found.effect == "ask" else found

    def _is_sample(self, call: Call, one_in: int) -> bool:
        return int(hash_of(f"{self._salt} {call.digest}"), 16) % one_in == 0


class _Both(Policy):
    """Two policies, of which the stricter one speaks."""

    def __init__(self, one: Policy, other: Policy) -> None:
        super().__init__()
        self._policies = (one, other)

    def ruling(self, call: Call) -> Flow[Ruling]:
        one = yield from self._policies[0].ruling(call)
        other = yield from self._policies[1].ruling(call)
        return min(one, other, key=lambda each: (_STRICTEST.index(each.effect), each.allowance is not None))


def _holds(rule: Rule, call: Call) -> Flow[bool]:
    predicate = rule.matches
    if predicate is True:
        return True
    try:
        found = yield Do(lambda: predicate(call))
    except Exception as error:
        error.add_note(f"raised by the rule {rule.name!r} about {call.function}; nobody was asked")
        raise
    if type(found) is not bool:
        if inspect.iscoroutine(found):
            found.close()
        raise TypeError(f"the rule {rule.name!r} must return True or False; got {found!r:.80}")
    return found

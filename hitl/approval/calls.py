"""A call that wants an approval: its arguments, bound and named, and the digests that an approval is bound to."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from attrs import field, frozen

from hitl._json import Object, is_list, is_object
from hitl.approval.canonical import digest, hash_of, name_of, shown, text, tree
from hitl.approval.errors import UnbindableArgument


@frozen
class Call:
    """What a rule, `when` and `describe` are given.

    Attributes:
        function: Its name, such as "shop.refunds:refund".
        arguments: The arguments by name, with defaults; read only.
        digest: What an approval is bound to: the function, its version, and these arguments.
        metadata: What the gate was given as metadata.
    """

    function: str
    arguments: Mapping[str, Any]
    digest: str
    metadata: Mapping[str, str] = field(factory=dict[str, str])


@frozen
class Target:
    """A function behind a gate.

    Attributes:
        name: Its name in every process.
        signature: Its parameters; None for a block, which has only named arguments.
        ignored: Parameters that are not bound and not shown.
        version: The version of the function's meaning.
        audience: The server that approves.
        names: Those of its parameters, if each may be given by place or by name; None where some may not.
    """

    name: str
    audience: str
    signature: inspect.Signature | None = None
    ignored: frozenset[str] = frozenset()
    version: str | None = None
    is_method: bool = False
    names: tuple[str, ...] | None = None

    def bind(self, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> dict[str, Any]:
        """Return the arguments by name, with defaults, as Python would bind them."""
        if self.signature is None:
            return dict(kwargs)
        if self.names is not None and len(args) + len(kwargs) == len(self.names):
            named = self.names[len(args) :]
            if all(name in kwargs for name in named):  # ten times as fast as what follows
                return {**dict(zip(self.names, args, strict=False)), **{name: kwargs[name] for name in named}}
        bound = self.signature.bind(*args, **kwargs)
        bound.apply_defaults()
        return dict(bound.arguments)

    def apply(self, function: Callable[..., Any], arguments: Mapping[str, Any]) -> Any:
        """Call the function with arguments that were bound."""
        if self.names is not None:
            return function(**arguments)
        assert self.signature is not None  # noqa: S101
        bound = inspect.BoundArguments(self.signature, dict(arguments))
        return function(*bound.args, **bound.kwargs)

    def call(self, arguments: Mapping[str, Any], metadata: Mapping[str, str]) -> Call:
        """Return the call with these arguments, and what it is bound to.

        Raises:
            UnbindableArgument: an argument cannot be bound.
        """
        envelope = {
            "v": 1,
            "audience": self.audience,
            "function": self.name,
            "version": self.version,
            "arguments": {name: self._tree(name, each) for name, each in arguments.items() if name not in self.ignored},
            "unbound": sorted(self.ignored),
        }
        return Call(self.name, MappingProxyType(dict(arguments)), digest(envelope), metadata)

    def shown(self, arguments: Mapping[str, Any]) -> Object:
        """Return what a person sees of the arguments."""
        return {
            name: shown(each)
            for name, each in arguments.items()
            if name not in self.ignored and not self._is_receiver(name)
        }

    def is_editable(self, name: str) -> bool:
        """Return whether a person may change an argument: one with a single name and value."""
        kind = self.signature.parameters[name].kind if self.signature else inspect.Parameter.KEYWORD_ONLY
        return kind not in (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)

    def _is_receiver(self, name: str) -> bool:
        return self.is_method and self.signature is not None and name == next(iter(self.signature.parameters))

    def _tree(self, name: str, value: Any) -> Any:
        if not self._is_receiver(name):
            return tree(value, name)
        if isinstance(value, type):
            return {"$cls": name_of(value)}
        identity = getattr(value, "approval_identity", None)
        if identity is None:
            return {"$self": name_of(type(value))}
        if not callable(identity):
            raise UnbindableArgument(
                "approval_identity must be a method that returns what tells objects apart", path=name
            )
        return {"$self": name_of(type(value)), "identity": tree(identity(), f"{name}.approval_identity()")}


def target_of(function: Callable[..., Any], audience: str, ignored: frozenset[str], version: str | None) -> Target:
    """Return the target for a function.

    Raises:
        TypeError: a name in `ignored` is no parameter of it.
    """
    signature = signature_of(function)
    if strangers := ignored - signature.parameters.keys():
        raise TypeError(f"ignore= names {', '.join(sorted(strangers))}, which {function.__qualname__} does not take")
    first = next(iter(signature.parameters), "")
    owner = function.__qualname__.rpartition(".")[0]
    is_method = first in ("self", "cls") and bool(owner) and not owner.endswith("<locals>")
    if version == "source":
        version = f"source {hash_of(inspect.getsource(function))}"
    parameters = signature.parameters.values()
    names = tuple(each.name for each in parameters if each.kind is inspect.Parameter.POSITIONAL_OR_KEYWORD)
    all_names = names if len(names) == len(parameters) else None
    return Target(name_of(function), audience, signature, ignored, version, is_method, all_names)


def signature_of(function: Callable[..., Any]) -> inspect.Signature:
    """Return a function's parameters, with their annotations as types where these can be read."""
    try:
        return inspect.signature(function, eval_str=True)
    except Exception:  # an annotation that names what is not there
        return inspect.signature(function)


def binding(target: Target, rule: str, allowance: Any) -> str:
    """Return the digest of what an allowance is bound to: the rule's terms, the function and its version."""
    bound = {"audience": target.audience, "function": target.name, "version": target.version}
    return _digest({**bound, "rule": rule, "minutes": allowance.minutes, "uses": allowance.uses})


def form_digest(fields: Any, settings: Any) -> str:
    """Return the digest of a form: what was asked, and by which rules."""
    return _digest({"fields": fields, "settings": settings})


def shown_digest(form: str, content: Any) -> str:
    """Return the digest of what a person saw."""
    return _digest({"form": form, "content": content})


def approval_key(call: str, place: str, number: int) -> str:
    """Return the idempotency key of an approval's review."""
    return f"hitl-ap1-{hash_of(text([call, place, number]))[:48]}"


def _digest(value: Any) -> str:
    """Return the digest of plain JSON, where 50.0 and 50 are the same number, as servers may write either."""
    return hash_of(text(_plain(value)))


def _plain(value: Any) -> Any:
    if is_object(value):
        return {name: _plain(each) for name, each in value.items() if each is not None}
    if is_list(value):
        return [_plain(each) for each in value]
    if isinstance(value, float):
        return int(value) if value.is_integer() else {"$float": repr(value)}
    return value

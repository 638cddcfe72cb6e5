"""What the namespaces of a client return, as small frozen classes, and the one reader that makes them of JSON.

Users import them from `hitl.models`. Unlike Review and Template they are driven by their annotations: they arrive one
at a time, so a table of readers is fast enough.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import cache, partial
from types import NoneType
from typing import Any, TypeAlias, TypeVar, cast, get_args, get_origin, get_type_hints

from attrs import AttrsInstance, field, fields, frozen, has

from hitl._json import Object, is_list, is_object
from hitl._moments import moment
from hitl._review import unknown_members
from hitl._verdict import Verdict, verdict_of_decision

R = TypeVar("R", bound=AttrsInstance)
_Read: TypeAlias = Callable[[Any], Any]


def record(kind: type[R], document: object) -> R:
    """Return what a JSON object of the API describes, as one of the classes of this module.

    Null stands for a member that is missing. Members that the class does not have are kept in its `extra`.

    Raises:
        ValueError: a member is missing that must be there, or one has another type.
    """
    if not is_object(document):
        raise ValueError(f"expected a {kind.__name__}, got {type(document).__name__}")
    readers = _readers(kind)
    given = {name: value for name in readers if (value := document.get(name)) is not None}
    if missing := [name for name in _required(kind) if name not in given]:
        raise ValueError(f"{' and '.join(missing)} must be given")
    values: Object = {}
    for name, value in given.items():
        try:
            values[name] = readers[name](value)
        except ValueError as error:
            raise ValueError(f"{name}: {error}") from None
    make = cast("Callable[..., R]", kind)
    return make(**values, extra=unknown_members(document, tuple(readers)))


@cache
def _readers(kind: type[AttrsInstance]) -> dict[str, _Read]:
    hints = get_type_hints(kind, globals())  # `hitl.models`, whose classes they say they are, may not have them yet
    return {each.name: _reader(hints[each.name]) for each in fields(kind) if each.name != "extra"}


@cache
def _required(kind: type[AttrsInstance]) -> tuple[str, ...]:
    from attrs import NOTHING

    return tuple(each.name for each in fields(kind) if each.default is NOTHING)


def _reader(hint: Any) -> _Read:
    """Return what reads a value that is not null, by its annotation."""
    args = get_args(hint)
    if NoneType in args:
        (hint,) = (each for each in args if each is not NoneType)
        return _reader(hint)
    if get_origin(hint) is list:
        return partial(_list, _reader(args[0]))
    if hint is datetime:
        return _moment
    if hint is Any:
        return lambda value: value
    if has(hint):
        return partial(record, hint)
    return partial(_exactly, get_origin(hint) or hint)


def _list(read: _Read, value: object) -> list[Any]:
    if not is_list(value):
        raise ValueError(f"expected a list, got {type(value).__name__}")
    return [read(each) for each in value]


def _moment(value: object) -> datetime:
    return moment(_exactly(str, value))


def _exactly(kind: type, value: object) -> Any:
    """Return a value of exactly this type, since a bool is no integer; an integer is a number, too."""
    if type(value) is kind:
        return value
    if kind is float and type(value) is int:
        return float(value)
    raise ValueError(f"expected {kind.__name__}, got {type(value).__name__}")


@frozen
class LoopMember:
    """A person in a loop.

    Attributes:
        user_id: The server's name for the person.
        email: The person's address.
        status: pending until the person has joined, then active; or a word newer than this package.
        name: The person's name.
        role: What the person may do; known are member and admin.
        joined_at: When the person joined.
        extra: Fields that this package does not know yet, unchanged.
    """

    __module__ = "hitl.models"

    user_id: str
    email: str
    status: str
    name: str | None = field(default=None, repr=False)
    role: str | None = field(default=None, repr=False)
    joined_at: datetime | None = field(default=None, repr=False)
    extra: dict[str, Any] = field(factory=dict[str, Any], repr=False, hash=False)


@frozen
class Loop:
    """A group of people who answer requests.

    Attributes:
        id: The server's name for the loop.
        name: What people call it.
        description: What it is for.
        icon: The name of its icon, or an emoji.
        members: Who belongs to it.
        creator_id: Who made it.
        join_url: The address that a new member opens; only a new loop has one.
        created_at: When it was created.
        updated_at: When it last changed.
        extra: Fields that this package does not know yet, unchanged.
    """

    __module__ = "hitl.models"

    id: str
    name: str
    description: str | None = field(default=None, repr=False)
    icon: str | None = field(default=None, repr=False)
    members: list[LoopMember] = field(factory=list[LoopMember], repr=False, hash=False)
    creator_id: str | None = field(default=None, repr=False)
    join_url: str | None = field(default=None, repr=False)
    created_at: datetime | None = field(default=None, repr=False)
    updated_at: datetime | None = field(default=None, repr=False)
    extra: dict[str, Any] = field(factory=dict[str, Any], repr=False, hash=False)


@frozen
class Quota:
    """What a limit allows in one period, and what is left of it. None stands for what the server does not say.

    Attributes:
        limit: How much the period allows: of an hour, requests; of a month, responses of people.
        used: How much of it was used.
        remaining: How much is left.
        resets_at: When the next period begins.
        extra: Fields that this package does not know yet, unchanged.
    """

    __module__ = "hitl.models"

    limit: int | None = None
    used: int | None = None
    remaining: int | None = None
    resets_at: datetime | None = None
    extra: dict[str, Any] = field(factory=dict[str, Any], repr=False, hash=False)


@frozen
class Account:
    """Whose API key it is, what it may do, and what its limits leave.

    Attributes:
        email: The address of the key's owner.
        user_id: The server's name for the owner.
        key_id: The server's name for the key; it is not the key.
        status: active, or why the account may not be used, such as suspended.
        permissions: What the key may do, such as "requests:write".
        hour: Its requests in the window of the rate limit, which is an hour on HITL.sh.
        month: The responses of people in this month, where the plan counts them and the server tells it.
        extra: Fields that this package does not know yet, unchanged.
    """

    __module__ = "hitl.models"

    email: str
    user_id: str
    key_id: str
    status: str
    permissions: list[str] = field(factory=list[str], hash=False)
    hour: Quota | None = None
    month: Quota | None = None
    extra: dict[str, Any] = field(factory=dict[str, Any], repr=False, hash=False)


@frozen
class WebhookSubscription:
    """An address that events are sent to.

    Attributes:
        id: The server's name for the subscription.
        url: Where events are sent.
        events: Which events are.
        enabled: Whether any are sent at present.
        secret: The key of the signatures; only a new subscription has it.
        created_at: When it was created.
        updated_at: When it last changed.
        extra: Fields that this package does not know yet, unchanged.
    """

    __module__ = "hitl.models"

    id: str
    url: str
    events: list[str] = field(hash=False)
    enabled: bool = True
    secret: str | None = field(default=None, repr=False)
    created_at: datetime | None = field(default=None, repr=False)
    updated_at: datetime | None = field(default=None, repr=False)
    extra: dict[str, Any] = field(factory=dict[str, Any], repr=False, hash=False)


@frozen
class WebhookAttempt:
    """One attempt to deliver an event.

    Attributes:
        at: When it began.
        status_code: The HTTP status of the response; None if there was none.
        error: Why there was none.
        response: The beginning of the response's body.
        duration: Seconds that it took.
        extra: Fields that this package does not know yet, unchanged.
    """

    __module__ = "hitl.models"

    at: datetime
    status_code: int | None = None
    error: str | None = None
    response: str | None = field(default=None, repr=False)
    duration: float | None = None
    extra: dict[str, Any] = field(factory=dict[str, Any], repr=False, hash=False)


@frozen
class WebhookDelivery:
    """One event on its way to one address.

    Attributes:
        id: The server's name for the delivery, which all its attempts carry as `webhook-id`.
        url: Where it is sent.
        event: What happened, such as "review.completed".
        subject_id: What it happened to, such as the id of a review.
        status: pending, delivered or failed; or a word newer than this package.
        webhook_id: The subscription that asked for it; None for the callback address of a request.
        payload: The body.
        created_at: When the event happened.
        due_at: When the next attempt is due; None if there will be none.
        attempts: The attempts so far, the first first.
        extra: Fields that this package does not know yet, unchanged.
    """

    __module__ = "hitl.models"

    id: str
    url: str
    event: str
    subject_id: str
    status: str
    webhook_id: str | None = None
    payload: dict[str, Any] = field(factory=dict[str, Any], repr=False, hash=False)
    created_at: datetime | None = field(default=None, repr=False)
    due_at: datetime | None = field(default=None, repr=False)
    attempts: list[WebhookAttempt] = field(factory=list[WebhookAttempt], repr=False, hash=False)
    extra: dict[str, Any] = field(factory=dict[str, Any], repr=False, hash=False)


@frozen
class Team:
    """A group of reviewers.

    Attributes:
        id: The server's name for the team.
        name: What people call it.
        created_at: When it was created.
        updated_at: When it last changed.
        extra: Fields that this package does not know yet, unchanged.
    """

    __module__ = "hitl.models"

    id: str
    name: str
    created_at: datetime | None = field(default=None, repr=False)
    updated_at: datetime | None = field(default=None, repr=False)
    extra: dict[str, Any] = field(factory=dict[str, Any], repr=False, hash=False)


@frozen
class TeamMember:
    """A person in a team.

    Attributes:
        email: The person's address.
        user_id: The server's name for the person; None until they have joined.
        role: What the person may do, in the server's words.
        status: Whether the person has joined, such as pending or active.
        joined_at: When the person joined.
        extra: Fields that this package does not know yet, unchanged.
    """

    __module__ = "hitl.models"

    email: str
    user_id: str | None = None
    role: str | None = field(default=None, repr=False)
    status: str | None = None
    joined_at: datetime | None = field(default=None, repr=False)
    extra: dict[str, Any] = field(factory=dict[str, Any], repr=False, hash=False)


@frozen
class UploadedFile:
    """A file that the server keeps.

    Attributes:
        url: Where it is, for `image_url` of a request, which takes the whole as `file`, too.
        name: Its name.
        type: Its media type, such as "image/png".
        size: Its size in bytes.
        extra: Fields that this package does not know yet, unchanged.
    """

    __module__ = "hitl.models"

    url: str
    name: str
    type: str
    size: int
    extra: dict[str, Any] = field(factory=dict[str, Any], repr=False, hash=False)


@frozen
class Session:
    """One run of a coding agent.

    Attributes:
        id: The server's name for the session.
        status: active, paused, completed or abandoned; or a word newer than this package.
        agent_type: Which agent works in it, such as claude or codex.
        loop_id: The loop whose members are asked.
        context: What it is about: repo, branch, commit and task, as far as they are known.
        turn_count: How many actions were proposed.
        reviewer_id: The person who is to answer.
        created_at: When it was started.
        updated_at: When it last changed.
        extra: Fields that this package does not know yet, unchanged.
    """

    __module__ = "hitl.models"

    id: str
    status: str
    agent_type: str | None = None
    loop_id: str | None = field(default=None, repr=False)
    context: dict[str, Any] = field(factory=dict[str, Any], repr=False, hash=False)
    turn_count: int | None = field(default=None, repr=False)
    reviewer_id: str | None = field(default=None, repr=False)
    created_at: datetime | None = field(default=None, repr=False)
    updated_at: datetime | None = field(default=None, repr=False)
    extra: dict[str, Any] = field(factory=dict[str, Any], repr=False, hash=False)


@frozen
class Turn:
    """An action that an agent proposed in a session, and the decision on it.

    Attributes:
        id: The server's name for the turn.
        session_id: The session that it belongs to.
        turn_number: Which one it is in its session, from 1.
        request_id: The request that the members of the loop see.
        action_type: What kind of action is proposed, such as git_push.
        agent_prompt: The action in words.
        proposed_tool: The tool that the agent wants to call.
        proposed_args: The arguments of the call.
        human_decision: approve, modify, reject or escalate; or a word newer than this package. None until somebody has
            decided.
        human_comment: The person's remark.
        action_taken: What came of it: success, exit_code, stdout, stderr and extra, as far as they were recorded.
        files_modified: The paths of the files that it changed.
        created_at: When it was proposed.
        extra: Fields that this package does not know yet, unchanged.
    """

    __module__ = "hitl.models"

    id: str
    session_id: str
    turn_number: int | None = None
    request_id: str | None = field(default=None, repr=False)
    action_type: str | None = None
    agent_prompt: str | None = field(default=None, repr=False)
    proposed_tool: str | None = field(default=None, repr=False)
    proposed_args: dict[str, Any] | None = field(default=None, repr=False, hash=False)
    human_decision: str | None = None
    human_comment: str | None = field(default=None, repr=False)
    action_taken: dict[str, Any] | None = field(default=None, repr=False, hash=False)
    files_modified: list[str] = field(factory=list[str], repr=False, hash=False)
    created_at: datetime | None = field(default=None, repr=False)
    extra: dict[str, Any] = field(factory=dict[str, Any], repr=False, hash=False)

    @property
    def is_decided(self) -> bool:
        """True once a person has decided, whatever the decision."""
        return self.human_decision is not None

    @property
    def verdict(self) -> Verdict | None:
        """What the decision means: approved, rejected or answered; None while there is none.

        Only the decision `approve` is approved, so only "approved" may run the action. To modify it or to escalate it
        is an answer, and so is a word that this package does not know.
        """
        return verdict_of_decision(self.human_decision)

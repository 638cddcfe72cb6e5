"""Asking for a typed value: the template that its form needs, the review, the wait, and the value of the answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar, overload

from attrs import define, field

from hitl._api import Creation, PageWalk, operations
from hitl._calls import Exchange
from hitl._flows import ApiCall, Flow
from hitl._forms import Form, FormTemplate, form_of
from hitl._json import Object
from hitl._waiting import answer_of
from hitl.exceptions import (
    AnswerError,
    ConfigurationError,
    InvalidRequestError,
    ReviewRejectedError,
    TemplateNotFoundError,
    UnexpectedResponseError,
)
from hitl.models import Request, Review, Template

if TYPE_CHECKING:
    from typing_extensions import TypeForm

T = TypeVar("T")
_PAGE = 100


@define
class Asking:
    """The templates of one client's forms, each looked for once.

    Attributes:
        exchange: Makes the requests.
        keyed: Gives a creation its idempotency key.
        plain: Whether the server is found to know no numbers, so that they are asked for as texts.
    """

    exchange: Exchange
    keyed: Callable[[Creation[Template], str], ApiCall[Template]]
    _known: dict[str, Template] = field(factory=dict[str, Template], init=False)
    plain: bool = field(default=False, init=False)

    def template(self, wanted: FormTemplate, deadline: float) -> Flow[Template]:
        """Return the template of a form, which is created if there is none."""
        if (known := self._known.get(wanted.version)) is not None:
            return known
        found = yield from self._listed(wanted, deadline)
        predecessor = ""
        while found is None:
            creation = self.keyed(operations.create_template(wanted.body), wanted.key(predecessor))
            created = yield from self.exchange(creation, deadline)
            if created.id == predecessor:
                raise UnexpectedResponseError(f"the creation of a template gave {created.id!r} again, for another key")
            predecessor = created.id
            found = yield from self._unless_changed(created, deadline)
        self._known[wanted.version] = found
        return found

    def put(self, form: Form[Any], content: Object, create: Callable[[str], Flow[Review]]) -> Flow[Review]:
        """Put a question to people, with the template that its form needs."""
        template = yield from self._template_of(form, content)
        try:
            return (yield from create(template.id))
        except TemplateNotFoundError:  # somebody has deleted it since
            self._known.clear()
        template = yield from self._template_of(form, content)
        return (yield from create(template.id))

    def _template_of(self, form: Form[Any], content: Object) -> Flow[Template]:
        """Return the form's template, which asks for numbers as texts where the server knows no numbers."""
        shown = [{"name": name, "type": "content_display", "label": name.capitalize()} for name in content]
        deadline = self.exchange.deadline()
        while True:
            plain = self.plain
            name = f"Question: {form.name}" if form.name else "Question"
            wanted = FormTemplate(name, [*shown, *form.fields(plain=plain, feedback=True)])
            try:
                return (yield from self.template(wanted, deadline))
            except InvalidRequestError:
                if plain or form.fields(plain=True) == form.fields():
                    raise
            self.plain = True

    def _listed(self, wanted: FormTemplate, deadline: float) -> Flow[Template | None]:
        """Return the template among those of the server: not every server recognises a repeated creation."""
        walk: PageWalk[Template] = PageWalk(_PAGE)
        while (asked := walk.next) is not None:
            page = yield from self.exchange(operations.list_templates(asked), deadline)
            walk.take(asked, page)
            for each in page.items:
                if isinstance(each, Template) and wanted.is_in(each):
                    return each
        return None

    def _unless_changed(self, created: Template, deadline: float) -> Flow[Template | None]:
        """Return a template as it is now: a repeated creation is answered as it was at first."""
        try:
            current = yield from self.exchange(operations.get_template(created.id), deadline)
        except TemplateNotFoundError:
            return None
        return current if current.fields == created.fields and current.settings == created.settings else None


@overload
def read_answer(review: Review | Request, returns: Mapping[str, Any]) -> Any: ...
@overload
def read_answer(review: Review | Request, returns: type[T]) -> T: ...
@overload
def read_answer(review: Review | Request, returns: TypeForm[T]) -> T: ...
@overload
def read_answer(review: Review | Request) -> bool: ...
def read_answer(review: Review | Request, returns: Any = bool) -> Any:
    """Return the answer to a question as a value of a type.

    Args:
        review: What `create_question` or `requests.create` made, once it has ended. After the timeout of a request, its
            default is the answer.
        returns: What the question was asked for; see `HITLClient.ask`.

    Raises:
        FormError: if no form can ask for the type.
        ConfigurationError: if the review is still open.
        ReviewRejectedError: if the reviewer rejected the question; where `returns` is bool, that is False.
        ReviewExpiredError: if nobody answered in time; RequestExpiredError, if a request has no default either.
        ReviewCancelledError: if it was cancelled; RequestCancelledError, if it is a request.
        AnswerError: if the answer is not of the type; `path` names the field, `review` or `request` has it all.
    """
    form: Form[Any] = form_of(returns)
    if not review.is_final:
        noun = type(review).__name__.lower()
        raise ConfigurationError(f"{noun} {review.id} is still {review.status}; wait for it, then read its answer")
    if not isinstance(review, Review):
        return _answer_to_request(form, answer_of(review))
    try:
        return answer(form, review, plain=False)
    except AnswerError:
        if form.fields(plain=True) == form.fields():
            raise
    return answer(form, review, plain=True)  # of a server that knows no numbers


def _answer_to_request(form: Form[Any], request: Request) -> Any:
    # JSON does not tell whole numbers of fractions from whole numbers.
    value = request.answer
    if form.is_integer and isinstance(value, float) and value.is_integer():
        value = int(value)
    try:
        return form.read_one(value, "answer")
    except AnswerError as error:
        error.request = request
        raise


def answer(form: Form[Any], review: Review, *, plain: bool) -> Any:
    """Return the value of an ended review's answer; `plain` reads numbers from texts, and from nothing else."""
    answered = answer_of(review)
    if answered.status == "rejected":
        if form.is_verdict:
            return False
        raise ReviewRejectedError(f"review {review.id} was rejected", review=review)
    try:
        return form.read(answered.result, plain=plain)
    except AnswerError as error:
        error.review = answered
        raise

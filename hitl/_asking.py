"""Asking for a typed value: the template that its form needs, the review, the wait, and the value of the answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from attrs import define, field

from hitl._api import Creation, PageWalk, operations
from hitl._calls import Exchange
from hitl._flows import ApiCall, Flow
from hitl._forms import Form, FormTemplate
from hitl._json import Object
from hitl.exceptions import (
    AnswerError,
    InvalidRequestError,
    ReviewRejectedError,
    TemplateNotFoundError,
    UnexpectedResponseError,
)
from hitl.models import Review, Template

_PAGE = 100


@define
class Asking:
    """The templates of one client's forms, each looked for once.

    Attributes:
        exchange: Makes the requests.
        keyed: Gives a creation its idempotency key.
    """

    exchange: Exchange
    keyed: Callable[[Creation[Template], str], ApiCall[Template]]
    _known: dict[str, Template] = field(factory=dict[str, Template], init=False)
    _has_numbers: bool = field(default=True, init=False)

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

    def value(
        self,
        form: Form[Any],
        content: Object,
        create: Callable[[str], Flow[Review]],
        wait: Callable[[Review], Flow[Review]],
    ) -> Flow[Any]:
        """Put a question to people, and return the value that they answer with."""
        fields, template = yield from self._template_of(form, content)
        try:
            review = yield from create(template.id)
        except TemplateNotFoundError:  # somebody has deleted it since
            self._known.clear()
            fields, template = yield from self._template_of(form, content)
            review = yield from create(template.id)
        answered = yield from wait(review)
        if answered.status == "rejected" and not form.is_verdict:
            raise ReviewRejectedError(f"review {answered.id} was rejected", review=answered)
        try:
            return answered.status != "rejected" and form.read(answered.result, plain=fields)
        except AnswerError as error:
            error.review = answered
            raise

    def _template_of(self, form: Form[Any], content: Object) -> Flow[tuple[bool, Template]]:
        """Return the form's template, and whether it asks for numbers as texts: not every server knows numbers."""
        shown = [{"name": name, "type": "content_display", "label": name.capitalize()} for name in content]
        deadline = self.exchange.deadline()
        plain = not self._has_numbers
        while True:
            wanted = FormTemplate(f"Question: {form.name}", [*shown, *form.fields(plain=plain, feedback=True)])
            try:
                return plain, (yield from self.template(wanted, deadline))
            except InvalidRequestError:
                if plain or form.fields(plain=True) == form.fields():
                    raise
            plain = True
            self._has_numbers = False

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

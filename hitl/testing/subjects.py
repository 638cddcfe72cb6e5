"""What a script answers: reviews, and requests to loops."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from hitl.server.loops.lifecycle import OPEN as OPEN_REQUEST
from hitl.server.loops.service import LoopService
from hitl.server.loops.store import RequestQuery
from hitl.server.primitives.documents import Document
from hitl.server.reviews.lifecycle import OPEN
from hitl.server.reviews.list_query import ReviewQuery
from hitl.server.reviews.service import ReviewService
from hitl.testing.answering import DEFAULT_REVIEWER, submit
from hitl.testing.answers import Answer
from hitl.testing.matching import Noun


class Subjects(Protocol):
    """One kind of what is answered; a document is one of them, as the API returns it."""

    noun: Noun

    def all(self) -> list[Document]:
        """Return all, oldest first."""
        ...

    def open(self, ids: Sequence[str] | None = None) -> list[Document]:
        """Return those that are open, oldest first; with ids, only of these."""
        ...

    def get(self, subject_id: str) -> Document:
        """Return one as it stands now."""
        ...

    def is_open(self, document: Document) -> bool:
        """Return whether it may still be answered."""
        ...

    def submit(self, document: Document, answer: Answer) -> None:
        """Answer it, or raise ApiError if the answer does not fit."""
        ...

    def headline(self, document: Document) -> str:
        """Describe it in a line that begins with its id."""
        ...


class Reviews:
    """Reviews, of both kinds of answers: completed and rejected."""

    noun: Noun = "review"

    def __init__(self, service: ReviewService) -> None:
        self._service = service

    def all(self) -> list[Document]:
        """See Subjects."""
        return self._service.list_reviews(ReviewQuery(limit=None, oldest_first=True)).items

    def open(self, ids: Sequence[str] | None = None) -> list[Document]:
        """See Subjects."""
        return self._service.list_reviews(ReviewQuery(status=OPEN, ids=ids, limit=None, oldest_first=True)).items

    def get(self, subject_id: str) -> Document:
        """See Subjects."""
        return self._service.get_review(subject_id)

    def is_open(self, document: Document) -> bool:
        """See Subjects."""
        return document["status"] in OPEN

    def submit(self, document: Document, answer: Answer) -> None:
        """See Subjects."""
        submit(self._service, document, answer)

    def headline(self, document: Document) -> str:
        """See Subjects."""
        return f"{document['id']} ({document['template_id']}, {document['status']}) {document['content']!r:.200}"


class Requests:
    """Requests to loops; somebody answers them who need not be a member."""

    noun: Noun = "request"

    def __init__(self, service: LoopService) -> None:
        self._service = service

    def all(self) -> list[Document]:
        """See Subjects."""
        return self._service.list_requests(RequestQuery(limit=None, sort="created_at_asc")).items

    def open(self, ids: Sequence[str] | None = None) -> list[Document]:
        """See Subjects."""
        query = RequestQuery(status=OPEN_REQUEST, ids=ids, limit=None, sort="created_at_asc")
        return self._service.list_requests(query).items

    def get(self, subject_id: str) -> Document:
        """See Subjects."""
        return self._service.get_request(subject_id)

    def is_open(self, document: Document) -> bool:
        """See Subjects."""
        return document["status"] in OPEN_REQUEST

    def submit(self, document: Document, answer: Answer) -> None:
        """See Subjects."""
        self._service.respond(document["id"], answer.value, {"email": DEFAULT_REVIEWER})

    def headline(self, document: Document) -> str:
        """See Subjects."""
        asked = f"{document['response_type']}, {document['status']}"
        return f"{document['id']} ({asked}) {document['request_text']!r:.200}"

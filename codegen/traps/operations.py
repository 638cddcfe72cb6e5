"""Traps of operations, their bodies and their answers."""

from __future__ import annotations

import builtins
import keyword
import re
from collections import Counter
from collections.abc import Iterator
from http import HTTPStatus

from contract import Contract, Place

SNAKE_CASE = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
TAKEN = frozenset(keyword.kwlist) | frozenset(dir(builtins))
REQUEST_TYPES = ("application/x-www-form-urlencoded", "multipart/form-data", "application/octet-stream")


def operation_id(contract: Contract) -> Iterator[tuple[str, str]]:
    """`operationId` is missing, is not snake_case, or is a word of Python; the module's name would be made up."""
    for operation in contract.operations():
        name = operation.node.get("operationId")
        if not name:
            yield operation.where, "has no operationId"
        elif not SNAKE_CASE.fullmatch(name) or name in TAKEN:
            yield operation.where, f"operationId {name!r} would be renamed; use snake_case and no word of Python"


def duplicate_operation_id(contract: Contract) -> Iterator[tuple[str, str]]:
    """Two operations with one `operationId` write one module; one endpoint is lost."""
    for name, times in Counter(filter(None, contract.operation_ids())).items():
        if times > 1:
            yield "#/paths", f"operationId {name!r} is used {times} times"


def one_tag(contract: Contract) -> Iterator[tuple[str, str]]:
    """Not exactly one tag, or one that the document does not declare; only the first makes a folder."""
    declared = {place.node.get("name") for _, place in contract.root.children("tags")}
    for operation in contract.operations():
        tags = operation.node.get("tags") or []
        if len(tags) != 1:
            yield operation.where, f"has {len(tags)} tags; give it one"
        elif tags[0] not in declared:
            yield operation.where, f"tag {tags[0]!r} is not declared under tags"


def operation_security(contract: Contract) -> Iterator[tuple[str, str]]:
    """Without its own `security` an operation accepts a client that has no key."""
    for operation in contract.operations():
        if not operation.node.get("security"):
            yield operation.where, "has no security"


def operation_generation(contract: Contract) -> Iterator[tuple[str, str]]:
    """`x-hitl-generation` is not A, B or C; readers and tests tell the operations apart by it."""
    for operation in contract.operations():
        if operation.node.get("x-hitl-generation") not in ("A", "B", "C"):
            yield operation.where, "x-hitl-generation must be A, B or C"


def one_request_type(contract: Contract) -> Iterator[tuple[str, str]]:
    """Two request content types with one schema make a module that fails to import; unknown ones drop the endpoint."""
    for body in contract.bodies():
        types = list(body.child("content").node)
        if len(types) != 1:
            yield body.where, f"has {len(types)} content types; give it one"
        for media_type in types:
            if not media_type.endswith("json") and media_type not in REQUEST_TYPES:
                yield body.where, f"content type {media_type!r} is not supported"


def optional_body(contract: Contract) -> Iterator[tuple[str, str]]:
    """A body without `required: true` still sends its Content-Type when it is left out."""
    for body in contract.bodies():
        if body.node.get("required") is not True:
            yield body.where, "must be required"


def one_success(contract: Contract) -> Iterator[tuple[str, str]]:
    """Several success schemas, or one beside an empty 204, leave every caller to tell them apart."""
    for operation in contract.operations():
        shapes = {_shape(response) for status, response in contract.responses(operation) if status.startswith("2")}
        if len(shapes) != 1:
            yield operation.where, f"has {len(shapes)} kinds of success; give it one"


def _shape(response: Place) -> str:
    return str([media.node.get("schema") for _, media in response.children("content")])


def one_response_type(contract: Contract) -> Iterator[tuple[str, str]]:
    """Of several content types of an answer only the first that is known is read, whatever the server sends."""
    seen = set()
    for operation in contract.operations():
        for _, response in contract.responses(operation):
            types = list(response.child("content").node)
            if len(types) > 1 and response.where not in seen:
                seen.add(response.where)
                yield response.where, f"has {len(types)} content types; give it one"


def default_response(contract: Contract) -> Iterator[tuple[str, str]]:
    """A `default` answer parses every odd answer as JSON, such as a gateway's HTML page."""
    for operation in contract.operations():
        if "default" in operation.child("responses").node:
            yield operation.where, "has a default answer; list the statuses"


def status_range(contract: Contract) -> Iterator[tuple[str, str]]:
    """A range (`2XX`) takes answers that nobody described; a status that HTTP does not name cannot be read at all."""
    for operation in contract.operations():
        for status, _ in contract.responses(operation):
            if status != "default" and not (status.isdigit() and int(status) in set(HTTPStatus)):
                yield operation.where, f"status {status!r} is none that HTTP names; list the statuses"


def body_encoding(contract: Contract) -> Iterator[tuple[str, str]]:
    """`encoding` of a body is ignored: the generator chooses how the parts of a form are written."""
    for body in contract.bodies():
        for _, media in body.children("content"):
            if "encoding" in media.node:
                yield body.where, "encoding is ignored"


TRAPS = (
    operation_id,
    duplicate_operation_id,
    one_tag,
    operation_security,
    operation_generation,
    one_request_type,
    optional_body,
    one_success,
    one_response_type,
    default_response,
    status_range,
    body_encoding,
)

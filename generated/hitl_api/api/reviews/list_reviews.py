from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # a client that is given has loaded them
    import httpx

    from ...client import AuthenticatedClient, Client

import datetime

from ... import errors
from ...models.error_envelope import ErrorEnvelope
from ...models.review_list_envelope import ReviewListEnvelope
from ...models.review_metadata import ReviewMetadata
from ...models.review_priority import ReviewPriority
from ...models.review_status import ReviewStatus
from ...types import UNSET, Response, Unset


def _get_kwargs(
    *,
    status: ReviewStatus | Unset = UNSET,
    created_after: datetime.datetime | Unset = UNSET,
    created_before: datetime.datetime | Unset = UNSET,
    updated_after: datetime.datetime | Unset = UNSET,
    priority: ReviewPriority | Unset = UNSET,
    assignee: str | Unset = UNSET,
    template_id: str | Unset = UNSET,
    metadata: ReviewMetadata | Unset = UNSET,
    idempotency_key: str | Unset = UNSET,
    ids: str | Unset = UNSET,
    changes_after: str | Unset = UNSET,
    limit: int | Unset = UNSET,
    offset: int | Unset = UNSET,
    after: str | Unset = UNSET,
    prefer: str | Unset = UNSET,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}
    if not isinstance(prefer, Unset):
        headers["Prefer"] = prefer

    params: dict[str, Any] = {}

    json_status: str | Unset = UNSET
    if not isinstance(status, Unset):
        json_status = status.value

    params["status"] = json_status

    json_created_after: str | Unset = UNSET
    if not isinstance(created_after, Unset):
        json_created_after = created_after.isoformat()
    params["created_after"] = json_created_after

    json_created_before: str | Unset = UNSET
    if not isinstance(created_before, Unset):
        json_created_before = created_before.isoformat()
    params["created_before"] = json_created_before

    json_updated_after: str | Unset = UNSET
    if not isinstance(updated_after, Unset):
        json_updated_after = updated_after.isoformat()
    params["updated_after"] = json_updated_after

    json_priority: str | Unset = UNSET
    if not isinstance(priority, Unset):
        json_priority = priority.value

    params["priority"] = json_priority

    params["assignee"] = assignee

    params["template_id"] = template_id

    json_metadata: dict[str, Any] | Unset = UNSET
    if not isinstance(metadata, Unset):
        json_metadata = metadata.to_dict()
    if not isinstance(json_metadata, Unset):
        params.update({f"metadata[{key}]": value for key, value in json_metadata.items()})

    params["idempotency_key"] = idempotency_key

    params["ids"] = ids

    params["changes_after"] = changes_after

    params["limit"] = limit

    params["offset"] = offset

    params["after"] = after

    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}

    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/v1/reviews",
        "params": params,
    }

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> ErrorEnvelope | ReviewListEnvelope | None:
    if response.status_code == 200:
        response_200 = ReviewListEnvelope.from_dict(response.json())

        return response_200

    if response.status_code == 400:
        response_400 = ErrorEnvelope.from_dict(response.json())

        return response_400

    if response.status_code == 401:
        response_401 = ErrorEnvelope.from_dict(response.json())

        return response_401

    if response.status_code == 403:
        response_403 = ErrorEnvelope.from_dict(response.json())

        return response_403

    if response.status_code == 429:
        response_429 = ErrorEnvelope.from_dict(response.json())

        return response_429

    if response.status_code == 500:
        response_500 = ErrorEnvelope.from_dict(response.json())

        return response_500

    if client.raise_on_unexpected_status:
        raise errors.UnexpectedStatus(response.status_code, response.content)
    else:
        return None


def _build_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> Response[ErrorEnvelope | ReviewListEnvelope]:
    with errors.reading(response):
        return Response(
            status_code=HTTPStatus(response.status_code),
            content=response.content,
            headers=response.headers,
            parsed=_parse_response(client=client, response=response),
        )


def sync_detailed(
    *,
    client: AuthenticatedClient,
    status: ReviewStatus | Unset = UNSET,
    created_after: datetime.datetime | Unset = UNSET,
    created_before: datetime.datetime | Unset = UNSET,
    updated_after: datetime.datetime | Unset = UNSET,
    priority: ReviewPriority | Unset = UNSET,
    assignee: str | Unset = UNSET,
    template_id: str | Unset = UNSET,
    metadata: ReviewMetadata | Unset = UNSET,
    idempotency_key: str | Unset = UNSET,
    ids: str | Unset = UNSET,
    changes_after: str | Unset = UNSET,
    limit: int | Unset = UNSET,
    offset: int | Unset = UNSET,
    after: str | Unset = UNSET,
    prefer: str | Unset = UNSET,
) -> Response[ErrorEnvelope | ReviewListEnvelope]:
    """List reviews.

     Lists the reviews that the API key may see, the newest first. Filters narrow the list together.

    Args:
        status (ReviewStatus | Unset): Where a review stands. `completed`, `rejected`, `expired`
            and `cancelled` are final. A reviewer's "no" may arrive as `completed` as well as
            `rejected`, so read the result.
        created_after (datetime.datetime | Unset): Only reviews created after this moment.
        created_before (datetime.datetime | Unset): Only reviews created before this moment.
        updated_after (datetime.datetime | Unset): Only reviews changed after this moment.
        priority (ReviewPriority | Unset): How urgent a review is. `normal` appears once in the
            documentation, beside `medium`.
        assignee (str | Unset): Only reviews that have this person among their assignees, as an
            e-mail address.
        template_id (str | Unset): Only reviews made from this template.
        metadata (ReviewMetadata | Unset): What a program keeps with a review, as up to 20 texts
            by names of up to 64 characters, such as the run that asked. Reviewers do not see it. A
            server that does not know it keeps it as `metadata` in the key `_hitl` of the content.
        idempotency_key (str | Unset): Only the review that was created with this Idempotency-Key.
            The answer repeats the key in its header Idempotency-Key if the server knows this filter.
        ids (str | Unset): Only these reviews, as ids separated by commas. Ids that do not exist
            are left out of the answer.
        changes_after (str | Unset): Only reviews that have changed since the answer whose
            X-Changes-Cursor this is, the earliest change first; 0 begins with the first change there
            was. With `Prefer: wait=N` the answer is held for up to N seconds until there is one.
        limit (int | Unset): The greatest number of entries in the answer. The server chooses if
            it is not given.
        offset (int | Unset): How many entries to skip.
        after (str | Unset): The `next_cursor` of the page before, instead of `offset`: the next
            page has every entry that comes after it, whatever was created, changed or deleted
            meanwhile.
        prefer (str | Unset): `wait=N` asks the server to hold its answer for up to N seconds
            until a person has answered (RFC 7240, 4.3). A server that does not know it answers at
            once.

    Raises:
        errors.UnexpectedStatus: If the body does not fit its status, or the status is undocumented and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[ErrorEnvelope | ReviewListEnvelope]
    """

    kwargs = _get_kwargs(
        status=status,
        created_after=created_after,
        created_before=created_before,
        updated_after=updated_after,
        priority=priority,
        assignee=assignee,
        template_id=template_id,
        metadata=metadata,
        idempotency_key=idempotency_key,
        ids=ids,
        changes_after=changes_after,
        limit=limit,
        offset=offset,
        after=after,
        prefer=prefer,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    *,
    client: AuthenticatedClient,
    status: ReviewStatus | Unset = UNSET,
    created_after: datetime.datetime | Unset = UNSET,
    created_before: datetime.datetime | Unset = UNSET,
    updated_after: datetime.datetime | Unset = UNSET,
    priority: ReviewPriority | Unset = UNSET,
    assignee: str | Unset = UNSET,
    template_id: str | Unset = UNSET,
    metadata: ReviewMetadata | Unset = UNSET,
    idempotency_key: str | Unset = UNSET,
    ids: str | Unset = UNSET,
    changes_after: str | Unset = UNSET,
    limit: int | Unset = UNSET,
    offset: int | Unset = UNSET,
    after: str | Unset = UNSET,
    prefer: str | Unset = UNSET,
) -> ErrorEnvelope | ReviewListEnvelope | None:
    """List reviews.

     Lists the reviews that the API key may see, the newest first. Filters narrow the list together.

    Args:
        status (ReviewStatus | Unset): Where a review stands. `completed`, `rejected`, `expired`
            and `cancelled` are final. A reviewer's "no" may arrive as `completed` as well as
            `rejected`, so read the result.
        created_after (datetime.datetime | Unset): Only reviews created after this moment.
        created_before (datetime.datetime | Unset): Only reviews created before this moment.
        updated_after (datetime.datetime | Unset): Only reviews changed after this moment.
        priority (ReviewPriority | Unset): How urgent a review is. `normal` appears once in the
            documentation, beside `medium`.
        assignee (str | Unset): Only reviews that have this person among their assignees, as an
            e-mail address.
        template_id (str | Unset): Only reviews made from this template.
        metadata (ReviewMetadata | Unset): What a program keeps with a review, as up to 20 texts
            by names of up to 64 characters, such as the run that asked. Reviewers do not see it. A
            server that does not know it keeps it as `metadata` in the key `_hitl` of the content.
        idempotency_key (str | Unset): Only the review that was created with this Idempotency-Key.
            The answer repeats the key in its header Idempotency-Key if the server knows this filter.
        ids (str | Unset): Only these reviews, as ids separated by commas. Ids that do not exist
            are left out of the answer.
        changes_after (str | Unset): Only reviews that have changed since the answer whose
            X-Changes-Cursor this is, the earliest change first; 0 begins with the first change there
            was. With `Prefer: wait=N` the answer is held for up to N seconds until there is one.
        limit (int | Unset): The greatest number of entries in the answer. The server chooses if
            it is not given.
        offset (int | Unset): How many entries to skip.
        after (str | Unset): The `next_cursor` of the page before, instead of `offset`: the next
            page has every entry that comes after it, whatever was created, changed or deleted
            meanwhile.
        prefer (str | Unset): `wait=N` asks the server to hold its answer for up to N seconds
            until a person has answered (RFC 7240, 4.3). A server that does not know it answers at
            once.

    Raises:
        errors.UnexpectedStatus: If the body does not fit its status, or the status is undocumented and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        ErrorEnvelope | ReviewListEnvelope
    """

    return sync_detailed(
        client=client,
        status=status,
        created_after=created_after,
        created_before=created_before,
        updated_after=updated_after,
        priority=priority,
        assignee=assignee,
        template_id=template_id,
        metadata=metadata,
        idempotency_key=idempotency_key,
        ids=ids,
        changes_after=changes_after,
        limit=limit,
        offset=offset,
        after=after,
        prefer=prefer,
    ).parsed


async def asyncio_detailed(
    *,
    client: AuthenticatedClient,
    status: ReviewStatus | Unset = UNSET,
    created_after: datetime.datetime | Unset = UNSET,
    created_before: datetime.datetime | Unset = UNSET,
    updated_after: datetime.datetime | Unset = UNSET,
    priority: ReviewPriority | Unset = UNSET,
    assignee: str | Unset = UNSET,
    template_id: str | Unset = UNSET,
    metadata: ReviewMetadata | Unset = UNSET,
    idempotency_key: str | Unset = UNSET,
    ids: str | Unset = UNSET,
    changes_after: str | Unset = UNSET,
    limit: int | Unset = UNSET,
    offset: int | Unset = UNSET,
    after: str | Unset = UNSET,
    prefer: str | Unset = UNSET,
) -> Response[ErrorEnvelope | ReviewListEnvelope]:
    """List reviews.

     Lists the reviews that the API key may see, the newest first. Filters narrow the list together.

    Args:
        status (ReviewStatus | Unset): Where a review stands. `completed`, `rejected`, `expired`
            and `cancelled` are final. A reviewer's "no" may arrive as `completed` as well as
            `rejected`, so read the result.
        created_after (datetime.datetime | Unset): Only reviews created after this moment.
        created_before (datetime.datetime | Unset): Only reviews created before this moment.
        updated_after (datetime.datetime | Unset): Only reviews changed after this moment.
        priority (ReviewPriority | Unset): How urgent a review is. `normal` appears once in the
            documentation, beside `medium`.
        assignee (str | Unset): Only reviews that have this person among their assignees, as an
            e-mail address.
        template_id (str | Unset): Only reviews made from this template.
        metadata (ReviewMetadata | Unset): What a program keeps with a review, as up to 20 texts
            by names of up to 64 characters, such as the run that asked. Reviewers do not see it. A
            server that does not know it keeps it as `metadata` in the key `_hitl` of the content.
        idempotency_key (str | Unset): Only the review that was created with this Idempotency-Key.
            The answer repeats the key in its header Idempotency-Key if the server knows this filter.
        ids (str | Unset): Only these reviews, as ids separated by commas. Ids that do not exist
            are left out of the answer.
        changes_after (str | Unset): Only reviews that have changed since the answer whose
            X-Changes-Cursor this is, the earliest change first; 0 begins with the first change there
            was. With `Prefer: wait=N` the answer is held for up to N seconds until there is one.
        limit (int | Unset): The greatest number of entries in the answer. The server chooses if
            it is not given.
        offset (int | Unset): How many entries to skip.
        after (str | Unset): The `next_cursor` of the page before, instead of `offset`: the next
            page has every entry that comes after it, whatever was created, changed or deleted
            meanwhile.
        prefer (str | Unset): `wait=N` asks the server to hold its answer for up to N seconds
            until a person has answered (RFC 7240, 4.3). A server that does not know it answers at
            once.

    Raises:
        errors.UnexpectedStatus: If the body does not fit its status, or the status is undocumented and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[ErrorEnvelope | ReviewListEnvelope]
    """

    kwargs = _get_kwargs(
        status=status,
        created_after=created_after,
        created_before=created_before,
        updated_after=updated_after,
        priority=priority,
        assignee=assignee,
        template_id=template_id,
        metadata=metadata,
        idempotency_key=idempotency_key,
        ids=ids,
        changes_after=changes_after,
        limit=limit,
        offset=offset,
        after=after,
        prefer=prefer,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    *,
    client: AuthenticatedClient,
    status: ReviewStatus | Unset = UNSET,
    created_after: datetime.datetime | Unset = UNSET,
    created_before: datetime.datetime | Unset = UNSET,
    updated_after: datetime.datetime | Unset = UNSET,
    priority: ReviewPriority | Unset = UNSET,
    assignee: str | Unset = UNSET,
    template_id: str | Unset = UNSET,
    metadata: ReviewMetadata | Unset = UNSET,
    idempotency_key: str | Unset = UNSET,
    ids: str | Unset = UNSET,
    changes_after: str | Unset = UNSET,
    limit: int | Unset = UNSET,
    offset: int | Unset = UNSET,
    after: str | Unset = UNSET,
    prefer: str | Unset = UNSET,
) -> ErrorEnvelope | ReviewListEnvelope | None:
    """List reviews.

     Lists the reviews that the API key may see, the newest first. Filters narrow the list together.

    Args:
        status (ReviewStatus | Unset): Where a review stands. `completed`, `rejected`, `expired`
            and `cancelled` are final. A reviewer's "no" may arrive as `completed` as well as
            `rejected`, so read the result.
        created_after (datetime.datetime | Unset): Only reviews created after this moment.
        created_before (datetime.datetime | Unset): Only reviews created before this moment.
        updated_after (datetime.datetime | Unset): Only reviews changed after this moment.
        priority (ReviewPriority | Unset): How urgent a review is. `normal` appears once in the
            documentation, beside `medium`.
        assignee (str | Unset): Only reviews that have this person among their assignees, as an
            e-mail address.
        template_id (str | Unset): Only reviews made from this template.
        metadata (ReviewMetadata | Unset): What a program keeps with a review, as up to 20 texts
            by names of up to 64 characters, such as the run that asked. Reviewers do not see it. A
            server that does not know it keeps it as `metadata` in the key `_hitl` of the content.
        idempotency_key (str | Unset): Only the review that was created with this Idempotency-Key.
            The answer repeats the key in its header Idempotency-Key if the server knows this filter.
        ids (str | Unset): Only these reviews, as ids separated by commas. Ids that do not exist
            are left out of the answer.
        changes_after (str | Unset): Only reviews that have changed since the answer whose
            X-Changes-Cursor this is, the earliest change first; 0 begins with the first change there
            was. With `Prefer: wait=N` the answer is held for up to N seconds until there is one.
        limit (int | Unset): The greatest number of entries in the answer. The server chooses if
            it is not given.
        offset (int | Unset): How many entries to skip.
        after (str | Unset): The `next_cursor` of the page before, instead of `offset`: the next
            page has every entry that comes after it, whatever was created, changed or deleted
            meanwhile.
        prefer (str | Unset): `wait=N` asks the server to hold its answer for up to N seconds
            until a person has answered (RFC 7240, 4.3). A server that does not know it answers at
            once.

    Raises:
        errors.UnexpectedStatus: If the body does not fit its status, or the status is undocumented and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        ErrorEnvelope | ReviewListEnvelope
    """

    return (
        await asyncio_detailed(
            client=client,
            status=status,
            created_after=created_after,
            created_before=created_before,
            updated_after=updated_after,
            priority=priority,
            assignee=assignee,
            template_id=template_id,
            metadata=metadata,
            idempotency_key=idempotency_key,
            ids=ids,
            changes_after=changes_after,
            limit=limit,
            offset=offset,
            after=after,
            prefer=prefer,
        )
    ).parsed

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # a client that is given has loaded them
    import httpx

    from ...client import AuthenticatedClient, Client

import datetime

from ... import errors
from ...models.api_error import ApiError
from ...models.request_list_envelope import RequestListEnvelope
from ...models.request_priority import RequestPriority
from ...models.request_sort import RequestSort
from ...models.request_status import RequestStatus
from ...types import UNSET, Response, Unset


def _get_kwargs(
    *,
    status: RequestStatus | Unset = UNSET,
    priority: RequestPriority | Unset = UNSET,
    loop_id: str | Unset = UNSET,
    limit: int | Unset = UNSET,
    offset: int | Unset = UNSET,
    after: str | Unset = UNSET,
    sort: RequestSort | Unset = UNSET,
    created_before: datetime.datetime | Unset = UNSET,
) -> dict[str, Any]:

    params: dict[str, Any] = {}

    json_status: str | Unset = UNSET
    if not isinstance(status, Unset):
        json_status = status.value

    params["status"] = json_status

    json_priority: str | Unset = UNSET
    if not isinstance(priority, Unset):
        json_priority = priority.value

    params["priority"] = json_priority

    params["loop_id"] = loop_id

    params["limit"] = limit

    params["offset"] = offset

    params["after"] = after

    json_sort: str | Unset = UNSET
    if not isinstance(sort, Unset):
        json_sort = sort.value

    params["sort"] = json_sort

    json_created_before: str | Unset = UNSET
    if not isinstance(created_before, Unset):
        json_created_before = created_before.isoformat()
    params["created_before"] = json_created_before

    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}

    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/v1/api/requests",
        "params": params,
    }

    return _kwargs


def _parse_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> ApiError | RequestListEnvelope | None:
    if response.status_code == 200:
        response_200 = RequestListEnvelope.from_dict(response.json())

        return response_200

    if response.status_code == 400:
        response_400 = ApiError.from_dict(response.json())

        return response_400

    if response.status_code == 401:
        response_401 = ApiError.from_dict(response.json())

        return response_401

    if response.status_code == 429:
        response_429 = ApiError.from_dict(response.json())

        return response_429

    if response.status_code == 500:
        response_500 = ApiError.from_dict(response.json())

        return response_500

    if client.raise_on_unexpected_status:
        raise errors.UnexpectedStatus(response.status_code, response.content)
    else:
        return None


def _build_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> Response[ApiError | RequestListEnvelope]:
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
    status: RequestStatus | Unset = UNSET,
    priority: RequestPriority | Unset = UNSET,
    loop_id: str | Unset = UNSET,
    limit: int | Unset = UNSET,
    offset: int | Unset = UNSET,
    after: str | Unset = UNSET,
    sort: RequestSort | Unset = UNSET,
    created_before: datetime.datetime | Unset = UNSET,
) -> Response[ApiError | RequestListEnvelope]:
    """List the requests that were made with the API key.

     Lists the requests that were made with this API key. Filters narrow the list together.

    Args:
        status (RequestStatus | Unset): Where a request stands. `completed`, `timeout` and
            `cancelled` are final. `claimed` is no longer promised by the documentation, but may
            appear.
        priority (RequestPriority | Unset): How urgent a request is.
        loop_id (str | Unset): Only requests of this loop.
        limit (int | Unset): The greatest number of requests in the answer; 50 if it is not given.
        offset (int | Unset): How many requests to skip; none if it is not given.
        after (str | Unset): The `next_cursor` of the page before, instead of `offset`: the next
            page has every entry that comes after it, whatever was created, changed or deleted
            meanwhile.
        sort (RequestSort | Unset): The order of a list of requests; `created_at_desc` if it is
            not given.
        created_before (datetime.datetime | Unset): Only requests created before this moment.

    Raises:
        errors.UnexpectedStatus: If the body does not fit its status, or the status is undocumented and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[ApiError | RequestListEnvelope]
    """

    kwargs = _get_kwargs(
        status=status,
        priority=priority,
        loop_id=loop_id,
        limit=limit,
        offset=offset,
        after=after,
        sort=sort,
        created_before=created_before,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    *,
    client: AuthenticatedClient,
    status: RequestStatus | Unset = UNSET,
    priority: RequestPriority | Unset = UNSET,
    loop_id: str | Unset = UNSET,
    limit: int | Unset = UNSET,
    offset: int | Unset = UNSET,
    after: str | Unset = UNSET,
    sort: RequestSort | Unset = UNSET,
    created_before: datetime.datetime | Unset = UNSET,
) -> ApiError | RequestListEnvelope | None:
    """List the requests that were made with the API key.

     Lists the requests that were made with this API key. Filters narrow the list together.

    Args:
        status (RequestStatus | Unset): Where a request stands. `completed`, `timeout` and
            `cancelled` are final. `claimed` is no longer promised by the documentation, but may
            appear.
        priority (RequestPriority | Unset): How urgent a request is.
        loop_id (str | Unset): Only requests of this loop.
        limit (int | Unset): The greatest number of requests in the answer; 50 if it is not given.
        offset (int | Unset): How many requests to skip; none if it is not given.
        after (str | Unset): The `next_cursor` of the page before, instead of `offset`: the next
            page has every entry that comes after it, whatever was created, changed or deleted
            meanwhile.
        sort (RequestSort | Unset): The order of a list of requests; `created_at_desc` if it is
            not given.
        created_before (datetime.datetime | Unset): Only requests created before this moment.

    Raises:
        errors.UnexpectedStatus: If the body does not fit its status, or the status is undocumented and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        ApiError | RequestListEnvelope
    """

    return sync_detailed(
        client=client,
        status=status,
        priority=priority,
        loop_id=loop_id,
        limit=limit,
        offset=offset,
        after=after,
        sort=sort,
        created_before=created_before,
    ).parsed


async def asyncio_detailed(
    *,
    client: AuthenticatedClient,
    status: RequestStatus | Unset = UNSET,
    priority: RequestPriority | Unset = UNSET,
    loop_id: str | Unset = UNSET,
    limit: int | Unset = UNSET,
    offset: int | Unset = UNSET,
    after: str | Unset = UNSET,
    sort: RequestSort | Unset = UNSET,
    created_before: datetime.datetime | Unset = UNSET,
) -> Response[ApiError | RequestListEnvelope]:
    """List the requests that were made with the API key.

     Lists the requests that were made with this API key. Filters narrow the list together.

    Args:
        status (RequestStatus | Unset): Where a request stands. `completed`, `timeout` and
            `cancelled` are final. `claimed` is no longer promised by the documentation, but may
            appear.
        priority (RequestPriority | Unset): How urgent a request is.
        loop_id (str | Unset): Only requests of this loop.
        limit (int | Unset): The greatest number of requests in the answer; 50 if it is not given.
        offset (int | Unset): How many requests to skip; none if it is not given.
        after (str | Unset): The `next_cursor` of the page before, instead of `offset`: the next
            page has every entry that comes after it, whatever was created, changed or deleted
            meanwhile.
        sort (RequestSort | Unset): The order of a list of requests; `created_at_desc` if it is
            not given.
        created_before (datetime.datetime | Unset): Only requests created before this moment.

    Raises:
        errors.UnexpectedStatus: If the body does not fit its status, or the status is undocumented and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[ApiError | RequestListEnvelope]
    """

    kwargs = _get_kwargs(
        status=status,
        priority=priority,
        loop_id=loop_id,
        limit=limit,
        offset=offset,
        after=after,
        sort=sort,
        created_before=created_before,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    *,
    client: AuthenticatedClient,
    status: RequestStatus | Unset = UNSET,
    priority: RequestPriority | Unset = UNSET,
    loop_id: str | Unset = UNSET,
    limit: int | Unset = UNSET,
    offset: int | Unset = UNSET,
    after: str | Unset = UNSET,
    sort: RequestSort | Unset = UNSET,
    created_before: datetime.datetime | Unset = UNSET,
) -> ApiError | RequestListEnvelope | None:
    """List the requests that were made with the API key.

     Lists the requests that were made with this API key. Filters narrow the list together.

    Args:
        status (RequestStatus | Unset): Where a request stands. `completed`, `timeout` and
            `cancelled` are final. `claimed` is no longer promised by the documentation, but may
            appear.
        priority (RequestPriority | Unset): How urgent a request is.
        loop_id (str | Unset): Only requests of this loop.
        limit (int | Unset): The greatest number of requests in the answer; 50 if it is not given.
        offset (int | Unset): How many requests to skip; none if it is not given.
        after (str | Unset): The `next_cursor` of the page before, instead of `offset`: the next
            page has every entry that comes after it, whatever was created, changed or deleted
            meanwhile.
        sort (RequestSort | Unset): The order of a list of requests; `created_at_desc` if it is
            not given.
        created_before (datetime.datetime | Unset): Only requests created before this moment.

    Raises:
        errors.UnexpectedStatus: If the body does not fit its status, or the status is undocumented and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        ApiError | RequestListEnvelope
    """

    return (
        await asyncio_detailed(
            client=client,
            status=status,
            priority=priority,
            loop_id=loop_id,
            limit=limit,
            offset=offset,
            after=after,
            sort=sort,
            created_before=created_before,
        )
    ).parsed

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # a client that is given has loaded them
    import httpx

    from ...client import AuthenticatedClient, Client

from ... import errors
from ...models.error_envelope import ErrorEnvelope
from ...types import UNSET, Response, Unset


def _get_kwargs(
    *,
    after: int | Unset = UNSET,
    last_event_id: str | Unset = UNSET,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}
    if not isinstance(last_event_id, Unset):
        headers["Last-Event-ID"] = last_event_id

    params: dict[str, Any] = {}

    params["after"] = after

    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}

    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/v1/events",
        "params": params,
    }

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> ErrorEnvelope | str | None:
    if response.status_code == 200:
        response_200 = response.text
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

    if response.status_code == 503:
        response_503 = ErrorEnvelope.from_dict(response.json())

        return response_503

    if client.raise_on_unexpected_status:
        raise errors.UnexpectedStatus(response.status_code, response.content)
    else:
        return None


def _build_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Response[ErrorEnvelope | str]:
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
    after: int | Unset = UNSET,
    last_event_id: str | Unset = UNSET,
) -> Response[ErrorEnvelope | str]:
    """Follow what happens.

     Answers with server-sent events that do not end by themselves. Each has the number of the event as
    its `id`, the word for it as `event`, and as `data` the body that a webhook would carry. A reader
    that lost the connection goes on where it was with Last-Event-ID.

    Args:
        after (int | Unset): Begin with the event after this number; 0 begins with the first.
            Without it, and without Last-Event-ID, only what happens from now on is told.
        last_event_id (str | Unset): The `id` of the last event that was read; it wins over
            `after`.

    Raises:
        errors.UnexpectedStatus: If the body does not fit its status, or the status is undocumented and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[ErrorEnvelope | str]
    """

    kwargs = _get_kwargs(
        after=after,
        last_event_id=last_event_id,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    *,
    client: AuthenticatedClient,
    after: int | Unset = UNSET,
    last_event_id: str | Unset = UNSET,
) -> ErrorEnvelope | str | None:
    """Follow what happens.

     Answers with server-sent events that do not end by themselves. Each has the number of the event as
    its `id`, the word for it as `event`, and as `data` the body that a webhook would carry. A reader
    that lost the connection goes on where it was with Last-Event-ID.

    Args:
        after (int | Unset): Begin with the event after this number; 0 begins with the first.
            Without it, and without Last-Event-ID, only what happens from now on is told.
        last_event_id (str | Unset): The `id` of the last event that was read; it wins over
            `after`.

    Raises:
        errors.UnexpectedStatus: If the body does not fit its status, or the status is undocumented and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        ErrorEnvelope | str
    """

    return sync_detailed(
        client=client,
        after=after,
        last_event_id=last_event_id,
    ).parsed


async def asyncio_detailed(
    *,
    client: AuthenticatedClient,
    after: int | Unset = UNSET,
    last_event_id: str | Unset = UNSET,
) -> Response[ErrorEnvelope | str]:
    """Follow what happens.

     Answers with server-sent events that do not end by themselves. Each has the number of the event as
    its `id`, the word for it as `event`, and as `data` the body that a webhook would carry. A reader
    that lost the connection goes on where it was with Last-Event-ID.

    Args:
        after (int | Unset): Begin with the event after this number; 0 begins with the first.
            Without it, and without Last-Event-ID, only what happens from now on is told.
        last_event_id (str | Unset): The `id` of the last event that was read; it wins over
            `after`.

    Raises:
        errors.UnexpectedStatus: If the body does not fit its status, or the status is undocumented and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[ErrorEnvelope | str]
    """

    kwargs = _get_kwargs(
        after=after,
        last_event_id=last_event_id,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    *,
    client: AuthenticatedClient,
    after: int | Unset = UNSET,
    last_event_id: str | Unset = UNSET,
) -> ErrorEnvelope | str | None:
    """Follow what happens.

     Answers with server-sent events that do not end by themselves. Each has the number of the event as
    its `id`, the word for it as `event`, and as `data` the body that a webhook would carry. A reader
    that lost the connection goes on where it was with Last-Event-ID.

    Args:
        after (int | Unset): Begin with the event after this number; 0 begins with the first.
            Without it, and without Last-Event-ID, only what happens from now on is told.
        last_event_id (str | Unset): The `id` of the last event that was read; it wins over
            `after`.

    Raises:
        errors.UnexpectedStatus: If the body does not fit its status, or the status is undocumented and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        ErrorEnvelope | str
    """

    return (
        await asyncio_detailed(
            client=client,
            after=after,
            last_event_id=last_event_id,
        )
    ).parsed

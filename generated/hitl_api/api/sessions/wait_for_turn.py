from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # a client that is given has loaded them
    import httpx

    from ...client import AuthenticatedClient, Client

from ... import errors
from ...models.api_error import ApiError
from ...models.turn_envelope import TurnEnvelope
from ...models.turn_pending_envelope import TurnPendingEnvelope
from ...types import UNSET, Response, Unset, path_segment


def _get_kwargs(
    session_id: str,
    turn_id: str,
    *,
    timeout: int | Unset = UNSET,
) -> dict[str, Any]:

    params: dict[str, Any] = {}

    params["timeout"] = timeout

    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}

    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/v1/api/sessions/{session_id}/turns/{turn_id}/wait".format(
            session_id=path_segment("session_id", session_id),
            turn_id=path_segment("turn_id", turn_id),
        ),
        "params": params,
    }

    return _kwargs


def _parse_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> ApiError | TurnEnvelope | TurnPendingEnvelope | None:
    if response.status_code == 200:
        response_200 = TurnEnvelope.from_dict(response.json())

        return response_200

    if response.status_code == 400:
        response_400 = ApiError.from_dict(response.json())

        return response_400

    if response.status_code == 401:
        response_401 = ApiError.from_dict(response.json())

        return response_401

    if response.status_code == 403:
        response_403 = ApiError.from_dict(response.json())

        return response_403

    if response.status_code == 404:
        response_404 = ApiError.from_dict(response.json())

        return response_404

    if response.status_code == 408:
        response_408 = TurnPendingEnvelope.from_dict(response.json())

        return response_408

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
) -> Response[ApiError | TurnEnvelope | TurnPendingEnvelope]:
    with errors.reading(response):
        return Response(
            status_code=HTTPStatus(response.status_code),
            content=response.content,
            headers=response.headers,
            parsed=_parse_response(client=client, response=response),
        )


def sync_detailed(
    session_id: str,
    turn_id: str,
    *,
    client: AuthenticatedClient,
    timeout: int | Unset = UNSET,
) -> Response[ApiError | TurnEnvelope | TurnPendingEnvelope]:
    """Wait for the decision on a turn.

     Holds the answer until a person has decided, or for `timeout` seconds. A turn that is still open
    then is no error, although it has the status 408: `error` is false and `pending` true, and the
    caller asks again.

    Args:
        session_id (str): The id of a session.
        turn_id (str): The id of a turn.
        timeout (int | Unset): For how many seconds to hold the answer; 60 if it is not given.

    Raises:
        ValueError: If an id in the path is no id; nothing was sent.
        errors.UnexpectedStatus: If the body does not fit its status, or the status is undocumented and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[ApiError | TurnEnvelope | TurnPendingEnvelope]
    """

    kwargs = _get_kwargs(
        session_id=session_id,
        turn_id=turn_id,
        timeout=timeout,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    session_id: str,
    turn_id: str,
    *,
    client: AuthenticatedClient,
    timeout: int | Unset = UNSET,
) -> ApiError | TurnEnvelope | TurnPendingEnvelope | None:
    """Wait for the decision on a turn.

     Holds the answer until a person has decided, or for `timeout` seconds. A turn that is still open
    then is no error, although it has the status 408: `error` is false and `pending` true, and the
    caller asks again.

    Args:
        session_id (str): The id of a session.
        turn_id (str): The id of a turn.
        timeout (int | Unset): For how many seconds to hold the answer; 60 if it is not given.

    Raises:
        ValueError: If an id in the path is no id; nothing was sent.
        errors.UnexpectedStatus: If the body does not fit its status, or the status is undocumented and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        ApiError | TurnEnvelope | TurnPendingEnvelope
    """

    return sync_detailed(
        session_id=session_id,
        turn_id=turn_id,
        client=client,
        timeout=timeout,
    ).parsed


async def asyncio_detailed(
    session_id: str,
    turn_id: str,
    *,
    client: AuthenticatedClient,
    timeout: int | Unset = UNSET,
) -> Response[ApiError | TurnEnvelope | TurnPendingEnvelope]:
    """Wait for the decision on a turn.

     Holds the answer until a person has decided, or for `timeout` seconds. A turn that is still open
    then is no error, although it has the status 408: `error` is false and `pending` true, and the
    caller asks again.

    Args:
        session_id (str): The id of a session.
        turn_id (str): The id of a turn.
        timeout (int | Unset): For how many seconds to hold the answer; 60 if it is not given.

    Raises:
        ValueError: If an id in the path is no id; nothing was sent.
        errors.UnexpectedStatus: If the body does not fit its status, or the status is undocumented and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[ApiError | TurnEnvelope | TurnPendingEnvelope]
    """

    kwargs = _get_kwargs(
        session_id=session_id,
        turn_id=turn_id,
        timeout=timeout,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    session_id: str,
    turn_id: str,
    *,
    client: AuthenticatedClient,
    timeout: int | Unset = UNSET,
) -> ApiError | TurnEnvelope | TurnPendingEnvelope | None:
    """Wait for the decision on a turn.

     Holds the answer until a person has decided, or for `timeout` seconds. A turn that is still open
    then is no error, although it has the status 408: `error` is false and `pending` true, and the
    caller asks again.

    Args:
        session_id (str): The id of a session.
        turn_id (str): The id of a turn.
        timeout (int | Unset): For how many seconds to hold the answer; 60 if it is not given.

    Raises:
        ValueError: If an id in the path is no id; nothing was sent.
        errors.UnexpectedStatus: If the body does not fit its status, or the status is undocumented and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        ApiError | TurnEnvelope | TurnPendingEnvelope
    """

    return (
        await asyncio_detailed(
            session_id=session_id,
            turn_id=turn_id,
            client=client,
            timeout=timeout,
        )
    ).parsed

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # a client that is given has loaded them
    import httpx

    from ...client import AuthenticatedClient, Client

from ... import errors
from ...models.api_error import ApiError
from ...models.turn_envelope import TurnEnvelope
from ...models.turn_outcome import TurnOutcome
from ...types import Response, path_segment


def _get_kwargs(
    session_id: str,
    turn_id: str,
    *,
    body: TurnOutcome,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}

    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/v1/api/sessions/{session_id}/turns/{turn_id}/action".format(
            session_id=path_segment("session_id", session_id),
            turn_id=path_segment("turn_id", turn_id),
        ),
    }

    _kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> ApiError | TurnEnvelope | None:
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

    if response.status_code == 409:
        response_409 = ApiError.from_dict(response.json())

        return response_409

    if response.status_code == 413:
        response_413 = ApiError.from_dict(response.json())

        return response_413

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
) -> Response[ApiError | TurnEnvelope]:
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
    body: TurnOutcome,
) -> Response[ApiError | TurnEnvelope]:
    """Record what came of a turn.

     Adds to the turn what happened when the agent ran what was approved, for its reviewers to see.

    Args:
        session_id (str): The id of a session.
        turn_id (str): The id of a turn.
        body (TurnOutcome): What came of a turn.

    Raises:
        ValueError: If an id in the path is no id; nothing was sent.
        errors.UnexpectedStatus: If the body does not fit its status, or the status is undocumented and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[ApiError | TurnEnvelope]
    """

    kwargs = _get_kwargs(
        session_id=session_id,
        turn_id=turn_id,
        body=body,
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
    body: TurnOutcome,
) -> ApiError | TurnEnvelope | None:
    """Record what came of a turn.

     Adds to the turn what happened when the agent ran what was approved, for its reviewers to see.

    Args:
        session_id (str): The id of a session.
        turn_id (str): The id of a turn.
        body (TurnOutcome): What came of a turn.

    Raises:
        ValueError: If an id in the path is no id; nothing was sent.
        errors.UnexpectedStatus: If the body does not fit its status, or the status is undocumented and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        ApiError | TurnEnvelope
    """

    return sync_detailed(
        session_id=session_id,
        turn_id=turn_id,
        client=client,
        body=body,
    ).parsed


async def asyncio_detailed(
    session_id: str,
    turn_id: str,
    *,
    client: AuthenticatedClient,
    body: TurnOutcome,
) -> Response[ApiError | TurnEnvelope]:
    """Record what came of a turn.

     Adds to the turn what happened when the agent ran what was approved, for its reviewers to see.

    Args:
        session_id (str): The id of a session.
        turn_id (str): The id of a turn.
        body (TurnOutcome): What came of a turn.

    Raises:
        ValueError: If an id in the path is no id; nothing was sent.
        errors.UnexpectedStatus: If the body does not fit its status, or the status is undocumented and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[ApiError | TurnEnvelope]
    """

    kwargs = _get_kwargs(
        session_id=session_id,
        turn_id=turn_id,
        body=body,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    session_id: str,
    turn_id: str,
    *,
    client: AuthenticatedClient,
    body: TurnOutcome,
) -> ApiError | TurnEnvelope | None:
    """Record what came of a turn.

     Adds to the turn what happened when the agent ran what was approved, for its reviewers to see.

    Args:
        session_id (str): The id of a session.
        turn_id (str): The id of a turn.
        body (TurnOutcome): What came of a turn.

    Raises:
        ValueError: If an id in the path is no id; nothing was sent.
        errors.UnexpectedStatus: If the body does not fit its status, or the status is undocumented and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        ApiError | TurnEnvelope
    """

    return (
        await asyncio_detailed(
            session_id=session_id,
            turn_id=turn_id,
            client=client,
            body=body,
        )
    ).parsed

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # a client that is given has loaded them
    import httpx

    from ...client import AuthenticatedClient, Client

from ... import errors
from ...models.agent_type import AgentType
from ...models.api_error import ApiError
from ...models.session_list_envelope import SessionListEnvelope
from ...models.session_status import SessionStatus
from ...types import UNSET, Response, Unset


def _get_kwargs(
    *,
    status: SessionStatus | Unset = UNSET,
    agent_type: AgentType | Unset = UNSET,
    limit: int | Unset = UNSET,
    offset: int | Unset = UNSET,
) -> dict[str, Any]:

    params: dict[str, Any] = {}

    json_status: str | Unset = UNSET
    if not isinstance(status, Unset):
        json_status = status.value

    params["status"] = json_status

    json_agent_type: str | Unset = UNSET
    if not isinstance(agent_type, Unset):
        json_agent_type = agent_type.value

    params["agent_type"] = json_agent_type

    params["limit"] = limit

    params["offset"] = offset

    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}

    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/v1/api/sessions",
        "params": params,
    }

    return _kwargs


def _parse_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> ApiError | SessionListEnvelope | None:
    if response.status_code == 200:
        response_200 = SessionListEnvelope.from_dict(response.json())

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
) -> Response[ApiError | SessionListEnvelope]:
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
    status: SessionStatus | Unset = UNSET,
    agent_type: AgentType | Unset = UNSET,
    limit: int | Unset = UNSET,
    offset: int | Unset = UNSET,
) -> Response[ApiError | SessionListEnvelope]:
    """List your sessions.

     Lists the sessions of the person who owns the API key, the newest first. Filters narrow the list
    together.

    Args:
        status (SessionStatus | Unset): Where a session stands. `completed` and `abandoned` are
            final; a session is abandoned after 24 hours without a turn, and deleted 30 days later.
        agent_type (AgentType | Unset): Which coding agent works in a session; `claude` if it is
            not given.
        limit (int | Unset): The greatest number of sessions in the answer; 50 if it is not given.
        offset (int | Unset): How many sessions to skip; none if it is not given.

    Raises:
        errors.UnexpectedStatus: If the body does not fit its status, or the status is undocumented and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[ApiError | SessionListEnvelope]
    """

    kwargs = _get_kwargs(
        status=status,
        agent_type=agent_type,
        limit=limit,
        offset=offset,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    *,
    client: AuthenticatedClient,
    status: SessionStatus | Unset = UNSET,
    agent_type: AgentType | Unset = UNSET,
    limit: int | Unset = UNSET,
    offset: int | Unset = UNSET,
) -> ApiError | SessionListEnvelope | None:
    """List your sessions.

     Lists the sessions of the person who owns the API key, the newest first. Filters narrow the list
    together.

    Args:
        status (SessionStatus | Unset): Where a session stands. `completed` and `abandoned` are
            final; a session is abandoned after 24 hours without a turn, and deleted 30 days later.
        agent_type (AgentType | Unset): Which coding agent works in a session; `claude` if it is
            not given.
        limit (int | Unset): The greatest number of sessions in the answer; 50 if it is not given.
        offset (int | Unset): How many sessions to skip; none if it is not given.

    Raises:
        errors.UnexpectedStatus: If the body does not fit its status, or the status is undocumented and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        ApiError | SessionListEnvelope
    """

    return sync_detailed(
        client=client,
        status=status,
        agent_type=agent_type,
        limit=limit,
        offset=offset,
    ).parsed


async def asyncio_detailed(
    *,
    client: AuthenticatedClient,
    status: SessionStatus | Unset = UNSET,
    agent_type: AgentType | Unset = UNSET,
    limit: int | Unset = UNSET,
    offset: int | Unset = UNSET,
) -> Response[ApiError | SessionListEnvelope]:
    """List your sessions.

     Lists the sessions of the person who owns the API key, the newest first. Filters narrow the list
    together.

    Args:
        status (SessionStatus | Unset): Where a session stands. `completed` and `abandoned` are
            final; a session is abandoned after 24 hours without a turn, and deleted 30 days later.
        agent_type (AgentType | Unset): Which coding agent works in a session; `claude` if it is
            not given.
        limit (int | Unset): The greatest number of sessions in the answer; 50 if it is not given.
        offset (int | Unset): How many sessions to skip; none if it is not given.

    Raises:
        errors.UnexpectedStatus: If the body does not fit its status, or the status is undocumented and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[ApiError | SessionListEnvelope]
    """

    kwargs = _get_kwargs(
        status=status,
        agent_type=agent_type,
        limit=limit,
        offset=offset,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    *,
    client: AuthenticatedClient,
    status: SessionStatus | Unset = UNSET,
    agent_type: AgentType | Unset = UNSET,
    limit: int | Unset = UNSET,
    offset: int | Unset = UNSET,
) -> ApiError | SessionListEnvelope | None:
    """List your sessions.

     Lists the sessions of the person who owns the API key, the newest first. Filters narrow the list
    together.

    Args:
        status (SessionStatus | Unset): Where a session stands. `completed` and `abandoned` are
            final; a session is abandoned after 24 hours without a turn, and deleted 30 days later.
        agent_type (AgentType | Unset): Which coding agent works in a session; `claude` if it is
            not given.
        limit (int | Unset): The greatest number of sessions in the answer; 50 if it is not given.
        offset (int | Unset): How many sessions to skip; none if it is not given.

    Raises:
        errors.UnexpectedStatus: If the body does not fit its status, or the status is undocumented and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        ApiError | SessionListEnvelope
    """

    return (
        await asyncio_detailed(
            client=client,
            status=status,
            agent_type=agent_type,
            limit=limit,
            offset=offset,
        )
    ).parsed

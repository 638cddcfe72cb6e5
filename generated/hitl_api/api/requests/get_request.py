from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # a client that is given has loaded them
    import httpx

    from ...client import AuthenticatedClient, Client

from ... import errors
from ...models.api_error import ApiError
from ...models.request_envelope import RequestEnvelope
from ...types import UNSET, Response, Unset, path_segment


def _get_kwargs(
    request_id: str,
    *,
    prefer: str | Unset = UNSET,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}
    if not isinstance(prefer, Unset):
        headers["Prefer"] = prefer

    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/v1/api/requests/{request_id}".format(
            request_id=path_segment("request_id", request_id),
        ),
    }

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> ApiError | RequestEnvelope | None:
    if response.status_code == 200:
        response_200 = RequestEnvelope.from_dict(response.json())

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
) -> Response[ApiError | RequestEnvelope]:
    with errors.reading(response):
        return Response(
            status_code=HTTPStatus(response.status_code),
            content=response.content,
            headers=response.headers,
            parsed=_parse_response(client=client, response=response),
        )


def sync_detailed(
    request_id: str,
    *,
    client: AuthenticatedClient,
    prefer: str | Unset = UNSET,
) -> Response[ApiError | RequestEnvelope]:
    """Read one request.

     Reads the request with its answer, which is null until there is one. `Prefer: wait=N` saves polling.

    Args:
        request_id (str): The id of a request.
        prefer (str | Unset): `wait=N` asks the server to hold its answer for up to N seconds
            until a person has answered (RFC 7240, 4.3). A server that does not know it answers at
            once.

    Raises:
        ValueError: If an id in the path is no id; nothing was sent.
        errors.UnexpectedStatus: If the body does not fit its status, or the status is undocumented and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[ApiError | RequestEnvelope]
    """

    kwargs = _get_kwargs(
        request_id=request_id,
        prefer=prefer,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    request_id: str,
    *,
    client: AuthenticatedClient,
    prefer: str | Unset = UNSET,
) -> ApiError | RequestEnvelope | None:
    """Read one request.

     Reads the request with its answer, which is null until there is one. `Prefer: wait=N` saves polling.

    Args:
        request_id (str): The id of a request.
        prefer (str | Unset): `wait=N` asks the server to hold its answer for up to N seconds
            until a person has answered (RFC 7240, 4.3). A server that does not know it answers at
            once.

    Raises:
        ValueError: If an id in the path is no id; nothing was sent.
        errors.UnexpectedStatus: If the body does not fit its status, or the status is undocumented and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        ApiError | RequestEnvelope
    """

    return sync_detailed(
        request_id=request_id,
        client=client,
        prefer=prefer,
    ).parsed


async def asyncio_detailed(
    request_id: str,
    *,
    client: AuthenticatedClient,
    prefer: str | Unset = UNSET,
) -> Response[ApiError | RequestEnvelope]:
    """Read one request.

     Reads the request with its answer, which is null until there is one. `Prefer: wait=N` saves polling.

    Args:
        request_id (str): The id of a request.
        prefer (str | Unset): `wait=N` asks the server to hold its answer for up to N seconds
            until a person has answered (RFC 7240, 4.3). A server that does not know it answers at
            once.

    Raises:
        ValueError: If an id in the path is no id; nothing was sent.
        errors.UnexpectedStatus: If the body does not fit its status, or the status is undocumented and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[ApiError | RequestEnvelope]
    """

    kwargs = _get_kwargs(
        request_id=request_id,
        prefer=prefer,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    request_id: str,
    *,
    client: AuthenticatedClient,
    prefer: str | Unset = UNSET,
) -> ApiError | RequestEnvelope | None:
    """Read one request.

     Reads the request with its answer, which is null until there is one. `Prefer: wait=N` saves polling.

    Args:
        request_id (str): The id of a request.
        prefer (str | Unset): `wait=N` asks the server to hold its answer for up to N seconds
            until a person has answered (RFC 7240, 4.3). A server that does not know it answers at
            once.

    Raises:
        ValueError: If an id in the path is no id; nothing was sent.
        errors.UnexpectedStatus: If the body does not fit its status, or the status is undocumented and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        ApiError | RequestEnvelope
    """

    return (
        await asyncio_detailed(
            request_id=request_id,
            client=client,
            prefer=prefer,
        )
    ).parsed

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # a client that is given has loaded them
    import httpx

    from ...client import AuthenticatedClient, Client

from ... import errors
from ...models.error_envelope import ErrorEnvelope
from ...models.template_list_envelope import TemplateListEnvelope
from ...types import UNSET, Response, Unset


def _get_kwargs(
    *,
    limit: int | Unset = UNSET,
    offset: int | Unset = UNSET,
    after: str | Unset = UNSET,
) -> dict[str, Any]:

    params: dict[str, Any] = {}

    params["limit"] = limit

    params["offset"] = offset

    params["after"] = after

    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}

    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/v1/templates",
        "params": params,
    }

    return _kwargs


def _parse_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> ErrorEnvelope | TemplateListEnvelope | None:
    if response.status_code == 200:
        response_200 = TemplateListEnvelope.from_dict(response.json())

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
) -> Response[ErrorEnvelope | TemplateListEnvelope]:
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
    limit: int | Unset = UNSET,
    offset: int | Unset = UNSET,
    after: str | Unset = UNSET,
) -> Response[ErrorEnvelope | TemplateListEnvelope]:
    """List templates.

     Lists the templates that the API key may see.

    Args:
        limit (int | Unset): The greatest number of entries in the answer. The server chooses if
            it is not given.
        offset (int | Unset): How many entries to skip.
        after (str | Unset): The `next_cursor` of the page before, instead of `offset`: the next
            page has every entry that comes after it, whatever was created, changed or deleted
            meanwhile.

    Raises:
        errors.UnexpectedStatus: If the body does not fit its status, or the status is undocumented and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[ErrorEnvelope | TemplateListEnvelope]
    """

    kwargs = _get_kwargs(
        limit=limit,
        offset=offset,
        after=after,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    *,
    client: AuthenticatedClient,
    limit: int | Unset = UNSET,
    offset: int | Unset = UNSET,
    after: str | Unset = UNSET,
) -> ErrorEnvelope | TemplateListEnvelope | None:
    """List templates.

     Lists the templates that the API key may see.

    Args:
        limit (int | Unset): The greatest number of entries in the answer. The server chooses if
            it is not given.
        offset (int | Unset): How many entries to skip.
        after (str | Unset): The `next_cursor` of the page before, instead of `offset`: the next
            page has every entry that comes after it, whatever was created, changed or deleted
            meanwhile.

    Raises:
        errors.UnexpectedStatus: If the body does not fit its status, or the status is undocumented and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        ErrorEnvelope | TemplateListEnvelope
    """

    return sync_detailed(
        client=client,
        limit=limit,
        offset=offset,
        after=after,
    ).parsed


async def asyncio_detailed(
    *,
    client: AuthenticatedClient,
    limit: int | Unset = UNSET,
    offset: int | Unset = UNSET,
    after: str | Unset = UNSET,
) -> Response[ErrorEnvelope | TemplateListEnvelope]:
    """List templates.

     Lists the templates that the API key may see.

    Args:
        limit (int | Unset): The greatest number of entries in the answer. The server chooses if
            it is not given.
        offset (int | Unset): How many entries to skip.
        after (str | Unset): The `next_cursor` of the page before, instead of `offset`: the next
            page has every entry that comes after it, whatever was created, changed or deleted
            meanwhile.

    Raises:
        errors.UnexpectedStatus: If the body does not fit its status, or the status is undocumented and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[ErrorEnvelope | TemplateListEnvelope]
    """

    kwargs = _get_kwargs(
        limit=limit,
        offset=offset,
        after=after,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    *,
    client: AuthenticatedClient,
    limit: int | Unset = UNSET,
    offset: int | Unset = UNSET,
    after: str | Unset = UNSET,
) -> ErrorEnvelope | TemplateListEnvelope | None:
    """List templates.

     Lists the templates that the API key may see.

    Args:
        limit (int | Unset): The greatest number of entries in the answer. The server chooses if
            it is not given.
        offset (int | Unset): How many entries to skip.
        after (str | Unset): The `next_cursor` of the page before, instead of `offset`: the next
            page has every entry that comes after it, whatever was created, changed or deleted
            meanwhile.

    Raises:
        errors.UnexpectedStatus: If the body does not fit its status, or the status is undocumented and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        ErrorEnvelope | TemplateListEnvelope
    """

    return (
        await asyncio_detailed(
            client=client,
            limit=limit,
            offset=offset,
            after=after,
        )
    ).parsed

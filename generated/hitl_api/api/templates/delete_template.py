from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # a client that is given has loaded them
    import httpx

    from ...client import AuthenticatedClient, Client

from ... import errors
from ...models.deleted_envelope import DeletedEnvelope
from ...models.error_envelope import ErrorEnvelope
from ...types import Response, path_segment


def _get_kwargs(
    template_id: str,
) -> dict[str, Any]:

    _kwargs: dict[str, Any] = {
        "method": "delete",
        "url": "/v1/templates/{template_id}".format(
            template_id=path_segment("template_id", template_id),
        ),
    }

    return _kwargs


def _parse_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> DeletedEnvelope | ErrorEnvelope | None:
    if response.status_code == 200:
        response_200 = DeletedEnvelope.from_dict(response.json())

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

    if response.status_code == 404:
        response_404 = ErrorEnvelope.from_dict(response.json())

        return response_404

    if response.status_code == 409:
        response_409 = ErrorEnvelope.from_dict(response.json())

        return response_409

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
) -> Response[DeletedEnvelope | ErrorEnvelope]:
    with errors.reading(response):
        return Response(
            status_code=HTTPStatus(response.status_code),
            content=response.content,
            headers=response.headers,
            parsed=_parse_response(client=client, response=response),
        )


def sync_detailed(
    template_id: str,
    *,
    client: AuthenticatedClient,
) -> Response[DeletedEnvelope | ErrorEnvelope]:
    """Delete a template.

     Deletes the form for good. 409 while unfinished reviews need it.

    Args:
        template_id (str): The id of a template.

    Raises:
        ValueError: If an id in the path is no id; nothing was sent.
        errors.UnexpectedStatus: If the body does not fit its status, or the status is undocumented and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[DeletedEnvelope | ErrorEnvelope]
    """

    kwargs = _get_kwargs(
        template_id=template_id,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    template_id: str,
    *,
    client: AuthenticatedClient,
) -> DeletedEnvelope | ErrorEnvelope | None:
    """Delete a template.

     Deletes the form for good. 409 while unfinished reviews need it.

    Args:
        template_id (str): The id of a template.

    Raises:
        ValueError: If an id in the path is no id; nothing was sent.
        errors.UnexpectedStatus: If the body does not fit its status, or the status is undocumented and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        DeletedEnvelope | ErrorEnvelope
    """

    return sync_detailed(
        template_id=template_id,
        client=client,
    ).parsed


async def asyncio_detailed(
    template_id: str,
    *,
    client: AuthenticatedClient,
) -> Response[DeletedEnvelope | ErrorEnvelope]:
    """Delete a template.

     Deletes the form for good. 409 while unfinished reviews need it.

    Args:
        template_id (str): The id of a template.

    Raises:
        ValueError: If an id in the path is no id; nothing was sent.
        errors.UnexpectedStatus: If the body does not fit its status, or the status is undocumented and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[DeletedEnvelope | ErrorEnvelope]
    """

    kwargs = _get_kwargs(
        template_id=template_id,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    template_id: str,
    *,
    client: AuthenticatedClient,
) -> DeletedEnvelope | ErrorEnvelope | None:
    """Delete a template.

     Deletes the form for good. 409 while unfinished reviews need it.

    Args:
        template_id (str): The id of a template.

    Raises:
        ValueError: If an id in the path is no id; nothing was sent.
        errors.UnexpectedStatus: If the body does not fit its status, or the status is undocumented and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        DeletedEnvelope | ErrorEnvelope
    """

    return (
        await asyncio_detailed(
            template_id=template_id,
            client=client,
        )
    ).parsed

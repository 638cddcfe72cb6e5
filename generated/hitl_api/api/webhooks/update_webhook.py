from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # a client that is given has loaded them
    import httpx

    from ...client import AuthenticatedClient, Client

from ... import errors
from ...models.error_envelope import ErrorEnvelope
from ...models.webhook_envelope import WebhookEnvelope
from ...models.webhook_update import WebhookUpdate
from ...types import Response, path_segment


def _get_kwargs(
    webhook_id: str,
    *,
    body: WebhookUpdate,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}

    _kwargs: dict[str, Any] = {
        "method": "patch",
        "url": "/v1/webhooks/{webhook_id}".format(
            webhook_id=path_segment("webhook_id", webhook_id),
        ),
    }

    _kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> ErrorEnvelope | WebhookEnvelope | None:
    if response.status_code == 200:
        response_200 = WebhookEnvelope.from_dict(response.json())

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

    if response.status_code == 413:
        response_413 = ErrorEnvelope.from_dict(response.json())

        return response_413

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
) -> Response[ErrorEnvelope | WebhookEnvelope]:
    with errors.reading(response):
        return Response(
            status_code=HTTPStatus(response.status_code),
            content=response.content,
            headers=response.headers,
            parsed=_parse_response(client=client, response=response),
        )


def sync_detailed(
    webhook_id: str,
    *,
    client: AuthenticatedClient,
    body: WebhookUpdate,
) -> Response[ErrorEnvelope | WebhookEnvelope]:
    """Change a webhook subscription.

     Changes what the body names and leaves the rest. A new `secret` replaces the old one at once.

    Args:
        webhook_id (str): The id of a webhook subscription.
        body (WebhookUpdate): What is to be changed in a subscription; at least one field.

    Raises:
        ValueError: If an id in the path is no id; nothing was sent.
        errors.UnexpectedStatus: If the body does not fit its status, or the status is undocumented and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[ErrorEnvelope | WebhookEnvelope]
    """

    kwargs = _get_kwargs(
        webhook_id=webhook_id,
        body=body,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    webhook_id: str,
    *,
    client: AuthenticatedClient,
    body: WebhookUpdate,
) -> ErrorEnvelope | WebhookEnvelope | None:
    """Change a webhook subscription.

     Changes what the body names and leaves the rest. A new `secret` replaces the old one at once.

    Args:
        webhook_id (str): The id of a webhook subscription.
        body (WebhookUpdate): What is to be changed in a subscription; at least one field.

    Raises:
        ValueError: If an id in the path is no id; nothing was sent.
        errors.UnexpectedStatus: If the body does not fit its status, or the status is undocumented and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        ErrorEnvelope | WebhookEnvelope
    """

    return sync_detailed(
        webhook_id=webhook_id,
        client=client,
        body=body,
    ).parsed


async def asyncio_detailed(
    webhook_id: str,
    *,
    client: AuthenticatedClient,
    body: WebhookUpdate,
) -> Response[ErrorEnvelope | WebhookEnvelope]:
    """Change a webhook subscription.

     Changes what the body names and leaves the rest. A new `secret` replaces the old one at once.

    Args:
        webhook_id (str): The id of a webhook subscription.
        body (WebhookUpdate): What is to be changed in a subscription; at least one field.

    Raises:
        ValueError: If an id in the path is no id; nothing was sent.
        errors.UnexpectedStatus: If the body does not fit its status, or the status is undocumented and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[ErrorEnvelope | WebhookEnvelope]
    """

    kwargs = _get_kwargs(
        webhook_id=webhook_id,
        body=body,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    webhook_id: str,
    *,
    client: AuthenticatedClient,
    body: WebhookUpdate,
) -> ErrorEnvelope | WebhookEnvelope | None:
    """Change a webhook subscription.

     Changes what the body names and leaves the rest. A new `secret` replaces the old one at once.

    Args:
        webhook_id (str): The id of a webhook subscription.
        body (WebhookUpdate): What is to be changed in a subscription; at least one field.

    Raises:
        ValueError: If an id in the path is no id; nothing was sent.
        errors.UnexpectedStatus: If the body does not fit its status, or the status is undocumented and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        ErrorEnvelope | WebhookEnvelope
    """

    return (
        await asyncio_detailed(
            webhook_id=webhook_id,
            client=client,
            body=body,
        )
    ).parsed

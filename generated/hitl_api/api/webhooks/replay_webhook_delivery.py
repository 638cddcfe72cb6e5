from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # a client that is given has loaded them
    import httpx

    from ...client import AuthenticatedClient, Client

from ... import errors
from ...models.error_envelope import ErrorEnvelope
from ...models.webhook_delivery_envelope import WebhookDeliveryEnvelope
from ...types import Response, path_segment


def _get_kwargs(
    delivery_id: str,
) -> dict[str, Any]:

    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/v1/webhooks/deliveries/{delivery_id}/replay".format(
            delivery_id=path_segment("delivery_id", delivery_id),
        ),
    }

    return _kwargs


def _parse_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> ErrorEnvelope | WebhookDeliveryEnvelope | None:
    if response.status_code == 202:
        response_202 = WebhookDeliveryEnvelope.from_dict(response.json())

        return response_202

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
) -> Response[ErrorEnvelope | WebhookDeliveryEnvelope]:
    with errors.reading(response):
        return Response(
            status_code=HTTPStatus(response.status_code),
            content=response.content,
            headers=response.headers,
            parsed=_parse_response(client=client, response=response),
        )


def sync_detailed(
    delivery_id: str,
    *,
    client: AuthenticatedClient,
) -> Response[ErrorEnvelope | WebhookDeliveryEnvelope]:
    """Send a delivery once more.

     Sends the same body under the same `webhook-id` again, at once and with all its retries, whatever
    became of it before. 409 if its subscription was deleted.

    Args:
        delivery_id (str): The id of a delivery.

    Raises:
        ValueError: If an id in the path is no id; nothing was sent.
        errors.UnexpectedStatus: If the body does not fit its status, or the status is undocumented and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[ErrorEnvelope | WebhookDeliveryEnvelope]
    """

    kwargs = _get_kwargs(
        delivery_id=delivery_id,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    delivery_id: str,
    *,
    client: AuthenticatedClient,
) -> ErrorEnvelope | WebhookDeliveryEnvelope | None:
    """Send a delivery once more.

     Sends the same body under the same `webhook-id` again, at once and with all its retries, whatever
    became of it before. 409 if its subscription was deleted.

    Args:
        delivery_id (str): The id of a delivery.

    Raises:
        ValueError: If an id in the path is no id; nothing was sent.
        errors.UnexpectedStatus: If the body does not fit its status, or the status is undocumented and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        ErrorEnvelope | WebhookDeliveryEnvelope
    """

    return sync_detailed(
        delivery_id=delivery_id,
        client=client,
    ).parsed


async def asyncio_detailed(
    delivery_id: str,
    *,
    client: AuthenticatedClient,
) -> Response[ErrorEnvelope | WebhookDeliveryEnvelope]:
    """Send a delivery once more.

     Sends the same body under the same `webhook-id` again, at once and with all its retries, whatever
    became of it before. 409 if its subscription was deleted.

    Args:
        delivery_id (str): The id of a delivery.

    Raises:
        ValueError: If an id in the path is no id; nothing was sent.
        errors.UnexpectedStatus: If the body does not fit its status, or the status is undocumented and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[ErrorEnvelope | WebhookDeliveryEnvelope]
    """

    kwargs = _get_kwargs(
        delivery_id=delivery_id,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    delivery_id: str,
    *,
    client: AuthenticatedClient,
) -> ErrorEnvelope | WebhookDeliveryEnvelope | None:
    """Send a delivery once more.

     Sends the same body under the same `webhook-id` again, at once and with all its retries, whatever
    became of it before. 409 if its subscription was deleted.

    Args:
        delivery_id (str): The id of a delivery.

    Raises:
        ValueError: If an id in the path is no id; nothing was sent.
        errors.UnexpectedStatus: If the body does not fit its status, or the status is undocumented and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        ErrorEnvelope | WebhookDeliveryEnvelope
    """

    return (
        await asyncio_detailed(
            delivery_id=delivery_id,
            client=client,
        )
    ).parsed

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # a client that is given has loaded them
    import httpx

    from ...client import AuthenticatedClient, Client

from ... import errors
from ...models.error_envelope import ErrorEnvelope
from ...models.webhook_delivery_envelope import WebhookDeliveryEnvelope
from ...models.webhook_event_type import WebhookEventType
from ...types import UNSET, Response, Unset, path_segment


def _get_kwargs(
    webhook_id: str,
    *,
    event: WebhookEventType | Unset = UNSET,
) -> dict[str, Any]:

    params: dict[str, Any] = {}

    json_event: str | Unset = UNSET
    if not isinstance(event, Unset):
        json_event = event.value

    params["event"] = json_event

    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}

    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/v1/webhooks/{webhook_id}/test".format(
            webhook_id=path_segment("webhook_id", webhook_id),
        ),
        "params": params,
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
    webhook_id: str,
    *,
    client: AuthenticatedClient,
    event: WebhookEventType | Unset = UNSET,
) -> Response[ErrorEnvelope | WebhookDeliveryEnvelope]:
    """Send a made-up event to a subscription.

     Sends a body of the right form about something that does not exist, its id is `test`, to this
    subscription and no other, whether it subscribes to the event or not.

    Args:
        webhook_id (str): The id of a webhook subscription.
        event (WebhookEventType | Unset): What can happen. A reviewer's "no" arrives as
            `review.completed`, too; there are no events for rejection and expiry.

    Raises:
        ValueError: If an id in the path is no id; nothing was sent.
        errors.UnexpectedStatus: If the body does not fit its status, or the status is undocumented and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[ErrorEnvelope | WebhookDeliveryEnvelope]
    """

    kwargs = _get_kwargs(
        webhook_id=webhook_id,
        event=event,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    webhook_id: str,
    *,
    client: AuthenticatedClient,
    event: WebhookEventType | Unset = UNSET,
) -> ErrorEnvelope | WebhookDeliveryEnvelope | None:
    """Send a made-up event to a subscription.

     Sends a body of the right form about something that does not exist, its id is `test`, to this
    subscription and no other, whether it subscribes to the event or not.

    Args:
        webhook_id (str): The id of a webhook subscription.
        event (WebhookEventType | Unset): What can happen. A reviewer's "no" arrives as
            `review.completed`, too; there are no events for rejection and expiry.

    Raises:
        ValueError: If an id in the path is no id; nothing was sent.
        errors.UnexpectedStatus: If the body does not fit its status, or the status is undocumented and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        ErrorEnvelope | WebhookDeliveryEnvelope
    """

    return sync_detailed(
        webhook_id=webhook_id,
        client=client,
        event=event,
    ).parsed


async def asyncio_detailed(
    webhook_id: str,
    *,
    client: AuthenticatedClient,
    event: WebhookEventType | Unset = UNSET,
) -> Response[ErrorEnvelope | WebhookDeliveryEnvelope]:
    """Send a made-up event to a subscription.

     Sends a body of the right form about something that does not exist, its id is `test`, to this
    subscription and no other, whether it subscribes to the event or not.

    Args:
        webhook_id (str): The id of a webhook subscription.
        event (WebhookEventType | Unset): What can happen. A reviewer's "no" arrives as
            `review.completed`, too; there are no events for rejection and expiry.

    Raises:
        ValueError: If an id in the path is no id; nothing was sent.
        errors.UnexpectedStatus: If the body does not fit its status, or the status is undocumented and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[ErrorEnvelope | WebhookDeliveryEnvelope]
    """

    kwargs = _get_kwargs(
        webhook_id=webhook_id,
        event=event,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    webhook_id: str,
    *,
    client: AuthenticatedClient,
    event: WebhookEventType | Unset = UNSET,
) -> ErrorEnvelope | WebhookDeliveryEnvelope | None:
    """Send a made-up event to a subscription.

     Sends a body of the right form about something that does not exist, its id is `test`, to this
    subscription and no other, whether it subscribes to the event or not.

    Args:
        webhook_id (str): The id of a webhook subscription.
        event (WebhookEventType | Unset): What can happen. A reviewer's "no" arrives as
            `review.completed`, too; there are no events for rejection and expiry.

    Raises:
        ValueError: If an id in the path is no id; nothing was sent.
        errors.UnexpectedStatus: If the body does not fit its status, or the status is undocumented and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        ErrorEnvelope | WebhookDeliveryEnvelope
    """

    return (
        await asyncio_detailed(
            webhook_id=webhook_id,
            client=client,
            event=event,
        )
    ).parsed

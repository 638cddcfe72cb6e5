from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # a client that is given has loaded them
    import httpx

    from ...client import AuthenticatedClient, Client

from ... import errors
from ...models.error_envelope import ErrorEnvelope
from ...models.review_envelope import ReviewEnvelope
from ...models.review_update import ReviewUpdate
from ...types import Response, path_segment


def _get_kwargs(
    review_id: str,
    *,
    body: ReviewUpdate,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}

    _kwargs: dict[str, Any] = {
        "method": "patch",
        "url": "/v1/reviews/{review_id}".format(
            review_id=path_segment("review_id", review_id),
        ),
    }

    _kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> ErrorEnvelope | ReviewEnvelope | None:
    if response.status_code == 200:
        response_200 = ReviewEnvelope.from_dict(response.json())

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
) -> Response[ErrorEnvelope | ReviewEnvelope]:
    with errors.reading(response):
        return Response(
            status_code=HTTPStatus(response.status_code),
            content=response.content,
            headers=response.headers,
            parsed=_parse_response(client=client, response=response),
        )


def sync_detailed(
    review_id: str,
    *,
    client: AuthenticatedClient,
    body: ReviewUpdate,
) -> Response[ErrorEnvelope | ReviewEnvelope]:
    """Change an unfinished review.

     Changes what the body names and leaves the rest. The keys of `content` are added to the review's
    content, the other fields replace what was there. Reassigning a review is a change of `assignees`.

    Args:
        review_id (str): The id of a review.
        body (ReviewUpdate): What is to be changed in a review; at least one field.

    Raises:
        ValueError: If an id in the path is no id; nothing was sent.
        errors.UnexpectedStatus: If the body does not fit its status, or the status is undocumented and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[ErrorEnvelope | ReviewEnvelope]
    """

    kwargs = _get_kwargs(
        review_id=review_id,
        body=body,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    review_id: str,
    *,
    client: AuthenticatedClient,
    body: ReviewUpdate,
) -> ErrorEnvelope | ReviewEnvelope | None:
    """Change an unfinished review.

     Changes what the body names and leaves the rest. The keys of `content` are added to the review's
    content, the other fields replace what was there. Reassigning a review is a change of `assignees`.

    Args:
        review_id (str): The id of a review.
        body (ReviewUpdate): What is to be changed in a review; at least one field.

    Raises:
        ValueError: If an id in the path is no id; nothing was sent.
        errors.UnexpectedStatus: If the body does not fit its status, or the status is undocumented and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        ErrorEnvelope | ReviewEnvelope
    """

    return sync_detailed(
        review_id=review_id,
        client=client,
        body=body,
    ).parsed


async def asyncio_detailed(
    review_id: str,
    *,
    client: AuthenticatedClient,
    body: ReviewUpdate,
) -> Response[ErrorEnvelope | ReviewEnvelope]:
    """Change an unfinished review.

     Changes what the body names and leaves the rest. The keys of `content` are added to the review's
    content, the other fields replace what was there. Reassigning a review is a change of `assignees`.

    Args:
        review_id (str): The id of a review.
        body (ReviewUpdate): What is to be changed in a review; at least one field.

    Raises:
        ValueError: If an id in the path is no id; nothing was sent.
        errors.UnexpectedStatus: If the body does not fit its status, or the status is undocumented and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[ErrorEnvelope | ReviewEnvelope]
    """

    kwargs = _get_kwargs(
        review_id=review_id,
        body=body,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    review_id: str,
    *,
    client: AuthenticatedClient,
    body: ReviewUpdate,
) -> ErrorEnvelope | ReviewEnvelope | None:
    """Change an unfinished review.

     Changes what the body names and leaves the rest. The keys of `content` are added to the review's
    content, the other fields replace what was there. Reassigning a review is a change of `assignees`.

    Args:
        review_id (str): The id of a review.
        body (ReviewUpdate): What is to be changed in a review; at least one field.

    Raises:
        ValueError: If an id in the path is no id; nothing was sent.
        errors.UnexpectedStatus: If the body does not fit its status, or the status is undocumented and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        ErrorEnvelope | ReviewEnvelope
    """

    return (
        await asyncio_detailed(
            review_id=review_id,
            client=client,
            body=body,
        )
    ).parsed

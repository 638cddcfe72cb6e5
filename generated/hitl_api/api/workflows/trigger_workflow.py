from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # a client that is given has loaded them
    import httpx

    from ...client import AuthenticatedClient, Client

from ... import errors
from ...models.api_error import ApiError
from ...models.workflow_triggered_envelope import WorkflowTriggeredEnvelope
from ...types import UNSET, Response, Unset, path_segment


def _get_kwargs(
    workflow_id: str,
    *,
    body: Any,
    idempotency_key: str | Unset = UNSET,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}
    if not isinstance(idempotency_key, Unset):
        headers["Idempotency-Key"] = idempotency_key

    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/v1/workflows/{workflow_id}/trigger".format(
            workflow_id=path_segment("workflow_id", workflow_id),
        ),
    }

    _kwargs["json"] = body

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> ApiError | WorkflowTriggeredEnvelope | None:
    if response.status_code == 200:
        response_200 = WorkflowTriggeredEnvelope.from_dict(response.json())

        return response_200

    if response.status_code == 201:
        response_201 = WorkflowTriggeredEnvelope.from_dict(response.json())

        return response_201

    if response.status_code == 202:
        response_202 = WorkflowTriggeredEnvelope.from_dict(response.json())

        return response_202

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

    if response.status_code == 413:
        response_413 = ApiError.from_dict(response.json())

        return response_413

    if response.status_code == 422:
        response_422 = ApiError.from_dict(response.json())

        return response_422

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
) -> Response[ApiError | WorkflowTriggeredEnvelope]:
    with errors.reading(response):
        return Response(
            status_code=HTTPStatus(response.status_code),
            content=response.content,
            headers=response.headers,
            parsed=_parse_response(client=client, response=response),
        )


def sync_detailed(
    workflow_id: str,
    *,
    client: AuthenticatedClient,
    body: Any,
    idempotency_key: str | Unset = UNSET,
) -> Response[ApiError | WorkflowTriggeredEnvelope]:
    """Start a workflow.

     Starts one execution of an active workflow. Its nodes read the members of the body as
    `{{trigger.…}}`, and its results leave through an action node.

    Args:
        workflow_id (str): The id of a workflow.
        idempotency_key (str | Unset): A name for this one act of creation. A server that honours
            it creates once, however often the request arrives, and repeats its first answer.
        body (Any): What the workflow is given, any JSON object.

    Raises:
        ValueError: If an id in the path is no id; nothing was sent.
        errors.UnexpectedStatus: If the body does not fit its status, or the status is undocumented and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[ApiError | WorkflowTriggeredEnvelope]
    """

    kwargs = _get_kwargs(
        workflow_id=workflow_id,
        body=body,
        idempotency_key=idempotency_key,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    workflow_id: str,
    *,
    client: AuthenticatedClient,
    body: Any,
    idempotency_key: str | Unset = UNSET,
) -> ApiError | WorkflowTriggeredEnvelope | None:
    """Start a workflow.

     Starts one execution of an active workflow. Its nodes read the members of the body as
    `{{trigger.…}}`, and its results leave through an action node.

    Args:
        workflow_id (str): The id of a workflow.
        idempotency_key (str | Unset): A name for this one act of creation. A server that honours
            it creates once, however often the request arrives, and repeats its first answer.
        body (Any): What the workflow is given, any JSON object.

    Raises:
        ValueError: If an id in the path is no id; nothing was sent.
        errors.UnexpectedStatus: If the body does not fit its status, or the status is undocumented and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        ApiError | WorkflowTriggeredEnvelope
    """

    return sync_detailed(
        workflow_id=workflow_id,
        client=client,
        body=body,
        idempotency_key=idempotency_key,
    ).parsed


async def asyncio_detailed(
    workflow_id: str,
    *,
    client: AuthenticatedClient,
    body: Any,
    idempotency_key: str | Unset = UNSET,
) -> Response[ApiError | WorkflowTriggeredEnvelope]:
    """Start a workflow.

     Starts one execution of an active workflow. Its nodes read the members of the body as
    `{{trigger.…}}`, and its results leave through an action node.

    Args:
        workflow_id (str): The id of a workflow.
        idempotency_key (str | Unset): A name for this one act of creation. A server that honours
            it creates once, however often the request arrives, and repeats its first answer.
        body (Any): What the workflow is given, any JSON object.

    Raises:
        ValueError: If an id in the path is no id; nothing was sent.
        errors.UnexpectedStatus: If the body does not fit its status, or the status is undocumented and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[ApiError | WorkflowTriggeredEnvelope]
    """

    kwargs = _get_kwargs(
        workflow_id=workflow_id,
        body=body,
        idempotency_key=idempotency_key,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    workflow_id: str,
    *,
    client: AuthenticatedClient,
    body: Any,
    idempotency_key: str | Unset = UNSET,
) -> ApiError | WorkflowTriggeredEnvelope | None:
    """Start a workflow.

     Starts one execution of an active workflow. Its nodes read the members of the body as
    `{{trigger.…}}`, and its results leave through an action node.

    Args:
        workflow_id (str): The id of a workflow.
        idempotency_key (str | Unset): A name for this one act of creation. A server that honours
            it creates once, however often the request arrives, and repeats its first answer.
        body (Any): What the workflow is given, any JSON object.

    Raises:
        ValueError: If an id in the path is no id; nothing was sent.
        errors.UnexpectedStatus: If the body does not fit its status, or the status is undocumented and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        ApiError | WorkflowTriggeredEnvelope
    """

    return (
        await asyncio_detailed(
            workflow_id=workflow_id,
            client=client,
            body=body,
            idempotency_key=idempotency_key,
        )
    ).parsed

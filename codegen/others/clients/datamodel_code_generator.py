"""The models that datamodel-code-generator makes, over httpx."""

import os
from typing import TypeVar

import httpx
from hitl_models import (
    ErrorEnvelope,
    ReviewCreate,
    ReviewEnvelope,
    ReviewListEnvelope,
    ReviewPriority,
    TemplateCreate,
    TemplateEnvelope,
    TemplateField,
)
from pydantic import BaseModel

Model = TypeVar("Model", bound=BaseModel)
headers = {"Authorization": f"Bearer {os.environ['HITL_API_KEY']}", "Content-Type": "application/json"}


def read(model: type[Model], response: httpx.Response, status: int) -> Model:
    assert response.status_code == status, response.text
    return model.model_validate_json(response.content)


with httpx.Client(base_url=os.environ["HITL_BASE_URL"], headers=headers) as client:

    def post(path: str, body: BaseModel) -> httpx.Response:
        return client.post(path, content=body.model_dump_json(exclude_none=True))

    form = TemplateCreate(name="Posts", fields=[TemplateField(name="approved", type="boolean")])
    template = read(TemplateEnvelope, post("/v1/templates", form), 201).data
    body = ReviewCreate(template_id=template.id, content={"text": "A draft"}, priority=ReviewPriority.high)
    created = read(ReviewEnvelope, post("/v1/reviews", body), 201).data
    assert created.content == {"text": "A draft"}
    assert created.priority == "high"
    assert created.status == os.environ["NEW_STATUS"]
    assert read(ReviewEnvelope, client.get(f"/v1/reviews/{created.id}"), 200).data == created
    listed = read(ReviewListEnvelope, client.get("/v1/reviews", params={"template_id": template.id}), 200).data
    assert [review.id for review in listed] == [created.id]
    refusal = read(ErrorEnvelope, client.get("/v1/reviews/rev_of_nobody"), 404)
    assert refusal.error.code == "review_not_found"

"""The client that openapi-generator makes for Python."""

import os

from hitl_openapi import (
    ApiClient,
    Configuration,
    ReviewCreate,
    ReviewPriority,
    ReviewsApi,
    TemplateCreate,
    TemplateField,
    TemplatesApi,
)
from hitl_openapi.exceptions import NotFoundException

configuration = Configuration(host=os.environ["HITL_BASE_URL"], access_token=os.environ["HITL_API_KEY"])
with ApiClient(configuration) as client:
    field = TemplateField(name="approved", type="boolean", label="May it be published?")
    template = TemplatesApi(client).create_template(TemplateCreate(name="Posts", fields=[field])).data
    reviews = ReviewsApi(client)
    body = ReviewCreate(template_id=template.id, content={"text": "A draft"}, priority=ReviewPriority.HIGH)
    created = reviews.create_review(body, idempotency_key="openapi-generator-python").data
    assert created.content == {"text": "A draft"}
    assert created.priority == "high"
    assert created.status == os.environ["NEW_STATUS"]
    assert reviews.get_review(created.id).data == created
    assert [review.id for review in reviews.list_reviews(template_id=template.id).data] == [created.id]
    try:
        reviews.get_review("rev_of_nobody")
    except NotFoundException as error:
        code = error.data.error.code
    else:
        code = "a 404 raised nothing"
    assert code == "review_not_found"

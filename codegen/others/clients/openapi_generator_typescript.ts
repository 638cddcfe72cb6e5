// The client that openapi-generator makes for TypeScript with fetch.
import { Configuration, ResponseError, ReviewPriority, ReviewsApi, TemplatesApi } from "./hitl-fetch/index";
import { apiKey, baseUrl, expect, newStatus } from "./settings";

async function main(): Promise<void> {
  const configuration = new Configuration({ basePath: baseUrl, accessToken: apiKey });
  const fields = [{ name: "approved", type: "boolean", label: "May it be published?" }];
  const templates = new TemplatesApi(configuration);
  const template = (await templates.createTemplate({ templateCreate: { name: "Posts", fields } })).data;
  const reviews = new ReviewsApi(configuration);
  const reviewCreate = { templateId: template.id, content: { text: "A draft" }, priority: ReviewPriority.High };
  const created = (await reviews.createReview({ reviewCreate, idempotencyKey: "openapi-generator-typescript" })).data;
  expect([created.content, created.priority, created.status], [{ text: "A draft" }, "high", newStatus]);
  expect((await reviews.getReview({ reviewId: created.id })).data, created);
  const listed = (await reviews.listReviews({ templateId: template.id })).data;
  expect(listed.map((review) => review.id), [created.id]);
  const refusal = await reviews.getReview({ reviewId: "rev_of_nobody" }).catch((error: unknown) => error);
  expect(refusal instanceof ResponseError && refusal.response.status, 404);
}

void main();

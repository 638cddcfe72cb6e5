// The client that @hey-api/openapi-ts makes.
import { client } from "./hitl-api/client.gen";
import { createReview, createTemplate, getReview, listReviews } from "./hitl-api/sdk.gen";
import { apiKey, baseUrl, expect, newStatus } from "./settings";

async function main(): Promise<void> {
  client.setConfig({ baseUrl, auth: apiKey });
  const form = { name: "Posts", fields: [{ name: "approved", type: "boolean" }] };
  const template = (await createTemplate({ body: form, throwOnError: true })).data.data;
  const body = { template_id: template.id, content: { text: "A draft" }, priority: "high" } as const;
  const created = (await createReview({ body, throwOnError: true })).data.data;
  expect([created.content, created.priority, created.status], [{ text: "A draft" }, "high", newStatus]);
  expect((await getReview({ path: { review_id: created.id }, throwOnError: true })).data.data, created);
  const query = { template_id: template.id };
  const listed = (await listReviews({ query, throwOnError: true })).data.data;
  expect(listed.map((review) => review.id), [created.id]);
  const { error, response } = await getReview({ path: { review_id: "rev_of_nobody" } });
  expect([response?.status, error?.error.code], [404, "review_not_found"]);
}

void main();

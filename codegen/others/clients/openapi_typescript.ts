// The types that openapi-typescript makes, with openapi-fetch.
import createClient from "openapi-fetch";
import type { paths } from "./hitl-schema";
import { apiKey, baseUrl, expect, newStatus } from "./settings";

async function main(): Promise<void> {
  const client = createClient<paths>({ baseUrl, headers: { Authorization: `Bearer ${apiKey}` } });
  const form = { name: "Posts", fields: [{ name: "approved", type: "boolean" }] };
  const template = (await client.POST("/v1/templates", { body: form })).data!.data;
  const body = { template_id: template.id, content: { text: "A draft" }, priority: "high" } as const;
  const created = (await client.POST("/v1/reviews", { body })).data!.data;
  expect([created.content, created.priority, created.status], [{ text: "A draft" }, "high", newStatus]);
  const path = { review_id: created.id };
  expect((await client.GET("/v1/reviews/{review_id}", { params: { path } })).data!.data, created);
  const query = { template_id: template.id };
  const listed = (await client.GET("/v1/reviews", { params: { query } })).data!.data;
  expect(listed.map((review) => review.id), [created.id]);
  const nobody = { path: { review_id: "rev_of_nobody" } };
  const { error, response } = await client.GET("/v1/reviews/{review_id}", { params: nobody });
  expect([response.status, error?.error.code], [404, "review_not_found"]);
}

void main();

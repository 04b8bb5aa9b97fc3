// A problem says over the wire what it was thrown with, and nothing more.

import { expect, test } from "vitest";
import { Problem } from "../../shared/http/problem.ts";

test("answers as application/problem+json with its status", async () => {
  const response = new Problem({ status: 404, type: "order-unknown", detail: "No order 42." }).toResponse();

  expect(response.status).toBe(404);
  expect(response.headers.get("content-type")).toBe("application/problem+json");
  expect(await response.json()).toEqual({
    type: "urn:quadrille:problem:order-unknown",
    title: "Not Found",
    status: 404,
    detail: "No order 42.",
  });
});

test("is about:blank without a type", () => {
  expect(new Problem({ status: 409, detail: "Too late." }).toJSON()).toMatchObject({
    type: "about:blank",
    title: "Conflict",
  });
});

test("keeps its own title, errors and headers", async () => {
  const errors = [{ pointer: "#/lines", detail: "Is required." }];
  const response = new Problem({
    status: 503,
    title: "Closed for lunch",
    detail: "Back at two.",
    errors,
    headers: { "retry-after": "60" },
  }).toResponse();

  expect(response.headers.get("retry-after")).toBe("60");
  expect(await response.json()).toMatchObject({ title: "Closed for lunch", errors });
});

test("is an Error whose message is the detail", () => {
  const problem = new Problem({ status: 400, detail: "No." });

  expect(problem).toBeInstanceOf(Error);
  expect(problem.message).toBe("No.");
  expect(problem.name).toBe("Problem");
});

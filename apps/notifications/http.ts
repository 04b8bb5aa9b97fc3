// Notifications over HTTP: the mails that were kept because there is no SMTP server to send them.

import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { json } from "../../shared/http/describe.ts";
import type { KeptPost } from "./post.ts";

const mail = z
  .object({
    number: z.int(),
    id: z.string(),
    messageId: z.string(),
    to: z.string(),
    subject: z.string(),
    text: z.string(),
    sentAt: z.iso.datetime(),
  })
  .openapi("Mail");

const listMails = createRoute({
  method: "get",
  path: "/mails",
  summary: "The mails kept, oldest first",
  description: "Only without SMTP_URL: mail that was sent is not kept.",
  request: {
    query: z.object({
      to: z.string().max(320).optional(),
      after: z.coerce
        .number()
        .int()
        .min(0)
        .default(0)
        .describe("Mails after this number; `next` of the page before."),
      limit: z.coerce.number().int().min(1).max(1000).default(100),
    }),
  },
  responses: { 200: json(z.object({ mails: z.array(mail), next: z.int().optional() }), "A page of mails.") },
});

export function routes(app: OpenAPIHono, post: KeptPost): void {
  app.openapi(listMails, (c) => {
    const { to, after, limit } = c.req.valid("query");
    const mails = post.list({ to, after, limit });
    const next = mails.length === limit ? mails.at(-1)?.number : undefined;
    return c.json({ mails, ...(next && { next }) }, 200);
  });
}

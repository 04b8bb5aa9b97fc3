// Reads every request body before anything else happens, up to a bound.

import type { MiddlewareHandler } from "hono";
import { Problem } from "./problem.ts";

/** Largest request body, in bytes. */
export const MAX_BODY = 256 * 1024;

// A refused body is still read, or the client would be cut off while sending and never see the answer.
// Past this many bytes it is.
const MAX_DISCARDED = 16 * MAX_BODY;

/**
 * Answers a body over {@link MAX_BODY} with 413, announced or chunked, and one that breaks off, or is not UTF-8, with 400.
 * Reading first also leaves the connection fit for the next request when a guard or route answers early.
 */
export const boundedBody: MiddlewareHandler = async (c, next) => {
  const announced = Number(c.req.header("content-length"));
  const isShort = announced > 0 && announced <= MAX_BODY;
  if (!isShort && !bodiless.has(c.req.method) && c.req.raw.body) {
    c.req.raw = new Request(c.req.raw, { body: await read(c.req.raw.body) });
  }
  // Kept by Hono, and for a short one much faster than going through a stream.
  if (isShort || !bodiless.has(c.req.method)) expectText(await c.req.text().catch(brokeOff));
  await next();
};

const bodiless = new Set(["GET", "HEAD"]);

/** What is not UTF-8 is read as U+FFFD: nothing may be changed on its way without an error. */
function expectText(body: string): void {
  if (!body.includes("\ufffd")) return;
  const detail = "The request body is not UTF-8, or has U+FFFD, which stands for what was not.";
  throw new Problem({ status: 400, detail });
}

function brokeOff(): never {
  throw new Problem({ status: 400, detail: "The request body broke off." });
}

async function read(body: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const chunk of body) {
      size += chunk.byteLength;
      if (size <= MAX_BODY) chunks.push(chunk);
      if (size > MAX_DISCARDED) break;
    }
  } catch {
    brokeOff();
  }
  if (size <= MAX_BODY) return Buffer.concat(chunks);

  throw new Problem({
    status: 413,
    detail: `A request body may be at most ${MAX_BODY / 1024} KiB.`,
    ...(size > MAX_DISCARDED && { headers: { connection: "close" } }),
  });
}

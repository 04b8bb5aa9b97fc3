// Watching: who comes sees what is there, every change, and the end; not too many at a time.

import { Hono } from "hono";
import { expect, test } from "vitest";
import { toProblem } from "../../shared/http/failures.ts";
import { watching } from "../../shared/http/watching.ts";

/** A light that may be watched by one. */
function light(colour: string | undefined) {
  const listeners = new Set<() => void>();
  const watch = watching(1, "One watches already.");
  const app = new Hono();
  app.onError((error, c) => toProblem(error, c, console).toResponse());
  app.get("/", (c) =>
    watch(c, {
      state: () => (colour === undefined ? undefined : { colour }),
      message: (state) => ({ event: "light", data: state.colour }),
      isLast: (state) => state.colour === "off",
      listen(changed) {
        listeners.add(changed);
        return () => listeners.delete(changed);
      },
    }),
  );
  const turn = (to: string) => {
    colour = to;
    for (const listener of listeners) listener();
  };
  return { app, turn };
}

const told = (colour: string) => `event: light\ndata: ${colour}\n\n`;

async function next(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<string> {
  return new TextDecoder().decode((await reader.read()).value);
}

test("tells the state, every other one, and nothing after the last", async () => {
  const { app, turn } = light("green");
  const reader = (await app.request("/")).body!.getReader();
  expect(await next(reader)).toBe(told("green"));
  turn("red");
  expect(await next(reader)).toBe(told("red"));
  turn("off");
  expect(await next(reader)).toBe(told("off"));
  expect(await reader.read()).toMatchObject({ done: true });
});

test("says that it is there as long as there is nothing to see", async () => {
  const { app, turn } = light(undefined);
  const reader = (await app.request("/")).body!.getReader();
  expect(await next(reader)).toBe(": still here\n\n");
  turn("green");
  expect(await next(reader)).toBe(told("green"));
});

test("refuses one too many, until somebody leaves", async () => {
  const { app } = light("green");
  const reader = (await app.request("/")).body!.getReader();
  await next(reader);
  const refused = await app.request("/");
  expect(refused.status).toBe(503);
  expect(refused.headers.get("retry-after")).toBe("5");
  expect(await refused.json()).toMatchObject({
    type: "urn:quadrille:problem:too-many-watchers",
    detail: "One watches already.",
  });
  await reader.cancel();
  await expect.poll(async () => (await app.request("/")).status, { timeout: 30_000 }).toBe(200);
});

test("answers HEAD without watching", async () => {
  const { app } = light("green");
  for (let n = 0; n < 2; n++) {
    const head = await app.request("/", { method: "HEAD" });
    expect(head.headers.get("content-type")).toBe("text/event-stream");
    expect(await head.text()).toBe("");
  }
});

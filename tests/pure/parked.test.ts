// What is parked, as operators see it: the order in which it may be redriven, and the reasons that it falls into.

import { describe, expect, it } from "vitest";
import { discreet, shown } from "../../shared/contracts/shown.ts";
import { type Entry, groupsOf, inOrder } from "../../shared/parked/entries.ts";
import { listText } from "../../shared/parked/texts.ts";

let id = 0;

function entry(key: string, sequence: number, more: Partial<Entry> = {}): Entry {
  return {
    id: ++id,
    service: "payments",
    key,
    what: "order.created",
    place: `${sequence}-0`,
    sequence,
    eventId: `${key}.${sequence}`,
    state: "failed",
    cause: "a bug",
    stack: "",
    fingerprint: "f",
    attempts: 1,
    redrives: 0,
    firstAttempt: "2026-01-01T00:00:00.000Z",
    lastAttempt: "2026-01-01T00:00:00.000Z",
    message: { subject: `order.created.${key}`, data: new Uint8Array() },
    ...more,
  };
}

describe("a redrive", () => {
  const first = entry("a", 10);
  const waiting = entry("a", 20, { state: "waiting" });
  const other = entry("a", 30, { cause: "another bug" });
  const last = entry("a", 40, { state: "waiting" });
  const lane = [last, other, first, waiting];

  it("handles what was chosen and what waits for it, in the order of the stream, whatever the IDs are", () => {
    expect(inOrder(lane, (one) => one === first)).toEqual({ handled: [first, waiting], blocked: [] });
  });

  it("goes on behind what fails by itself only when that was chosen too", () => {
    const { handled } = inOrder(lane, (one) => one === other || one === first);
    expect(handled).toEqual([first, waiting, other, last]);
  });

  it("is not for what comes behind something that was not chosen", () => {
    const { handled, blocked } = inOrder(lane, (one) => one === other);
    expect({ handled, blocked }).toEqual({ handled: [], blocked: [{ entry: other, by: first }] });
  });

  it("of one order, or of one service, does not concern another", () => {
    const others = [entry("b", 1), entry("a", 1, { service: "risk" })];
    expect(inOrder([...others, ...lane], (one) => one === first).handled).toEqual([first, waiting]);
  });
});

describe("a list", () => {
  it("of very many has a line for each, and its groups count them all", () => {
    const many = Array.from({ length: 150_000 }, (_, sequence) => entry(`k${sequence % 1_000}`, sequence));

    expect(listText(many).split("\n")).toHaveLength(1 + many.length + 2);
    expect(groupsOf(many)).toMatchObject([{ failed: many.length, waiting: 0 }]);
  });
});

describe("groups", () => {
  it("say how many failed for the same reason, in whose words, since when, and how many wait", () => {
    const entries = [
      entry("a", 2, { state: "waiting", cause: "waits", lastAttempt: "2026-01-03T00:00:00.000Z" }),
      entry("a", 1, { firstAttempt: "2025-12-31T00:00:00.000Z" }),
      entry("b", 3, { fingerprint: "g", cause: "another bug" }),
      entry("c", 4, { what: "order.cancelled" }),
    ];
    expect(groupsOf(entries)).toMatchObject([
      {
        fingerprint: "f",
        cause: "a bug",
        whats: ["order.created", "order.cancelled"],
        failed: 2,
        waiting: 1,
        firstAttempt: "2025-12-31T00:00:00.000Z",
        lastAttempt: "2026-01-03T00:00:00.000Z",
      },
      { fingerprint: "g", cause: "another bug", failed: 1, waiting: 0 },
    ]);
  });
});

it("a payment token is shown to nobody, however deep it is", () => {
  const order = { orderId: "o-1", paymentToken: "tok_approve" };
  expect(shown(order)).toEqual({ orderId: "o-1", paymentToken: "(hidden)" });
  expect(JSON.stringify([{ order, token: "tok_approve" }], discreet)).not.toContain("tok_approve");
});

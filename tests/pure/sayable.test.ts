// What of a message's headers goes with it when it is parked.

import { headers } from "nats";
import { describe, expect, it } from "vitest";
import { sayable } from "../../shared/nats/parking.ts";

const HEADERS_OF_NATS = 64 * 1024;
const CAUSE_AND_STACK = 15 * 1024;

describe("a message that is parked", () => {
  it("keeps its headers, but for those that are the broker's", () => {
    const said = headers();
    said.set("ce-id", "a");
    said.set("Nats-Expected-Stream", "ORDER_FLOW");

    expect([...sayable(message(said))]).toEqual([["ce-id", ["a"]]]);
  });

  it.each([
    ["a few that are long", "é".repeat(10_000), 3],
    ["thousands that are short", "x", 12_000],
  ])("has room left for its cause, however many headers it has: %s", (_, value, count) => {
    const said = headers();
    for (let number = 0; number < count; number++) said.append("x", value);

    expect(bytesOf(said)).toBeGreaterThan(HEADERS_OF_NATS - CAUSE_AND_STACK);
    expect(bytesOf(sayable(message(said)))).toBeLessThan(HEADERS_OF_NATS - CAUSE_AND_STACK);
  });
});

function message(said: ReturnType<typeof headers>) {
  return { subject: "order.completed.a", headers: said, data: new Uint8Array() };
}

function bytesOf(said: ReturnType<typeof headers>): number {
  return Buffer.byteLength(`${said}`);
}

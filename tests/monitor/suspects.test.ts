// Which of thousands of orders are looked at to find out what is wrong.

import { expect, it } from "vitest";
import type { ConsumerStand } from "../../apps/monitor/poll.ts";
import { LOOKED_AT, Suspects } from "../../apps/monitor/suspects.ts";
import type { Note } from "../../shared/parked/board.ts";

const id = (n: number) => `00000000-0000-7000-8000-${`${n}`.padStart(12, "0")}`;

/** So many orders, all late, and the events at some places in the stream. */
function shop(count: number, keys: Record<number, string> = {}) {
  const all = Array.from({ length: count }, (_, n) => ({ orderId: id(n), placedAt: "2026-01-05T09:00:00Z" }));
  return new Suspects({
    async pending(limit, after = "") {
      const rest = all.filter(({ orderId }) => orderId > after);
      const orders = rest.slice(0, limit);
      return { orders, ...(rest.length > limit && { next: orders.at(-1)!.orderId }) };
    },
    keyAt: async (seq) => keys[seq],
  });
}

const heldUpAt = (seq: number) => ({ oldest: { seq, at: 0 } }) as ConsumerStand;
const parked = (key: string, fingerprint = "f", state: Note["state"] = "failed") =>
  ({ service: "payments", fingerprint, key, state }) as Note;

it("all of a few orders, each once", async () => {
  const found = await shop(3, { 7: id(1) }).choose([parked(id(2))], [heldUpAt(7)]);
  expect([...found.ids].sort()).toEqual([id(0), id(1), id(2)]);
  expect(found).toMatchObject({ late: 3, hasMore: false, isBlind: false });
});

it("those that something points at, where orders does not answer: then nobody can tell whether there are more", async () => {
  const suspects = new Suspects({ pending: async () => undefined, keyAt: async () => id(7) });
  const { ids, ...rest } = await suspects.choose([], [heldUpAt(7)]);
  expect(ids).toEqual([id(7)]);
  expect(rest).toEqual({ late: 0, hasMore: false, isBlind: true });
});

it("the one that a service is held up at, and one of each kind that is parked, however many are older", async () => {
  const notes = [
    parked(id(9_000)),
    parked(id(9_001)),
    parked(id(9_002), "g"),
    parked(id(9_003), "h", "waiting"),
  ];
  const { ids, late, hasMore } = await shop(10_000, { 7: id(8_000) }).choose(notes, [heldUpAt(7)]);
  expect(ids.slice(0, 3)).toEqual([id(8_000), id(9_000), id(9_002)]);
  expect(ids).not.toContain(id(9_001));
  expect([late, hasMore]).toEqual([100, true]);
});

it("every other one in its turn, a bounded number at a time, and then from the start", async () => {
  const suspects = shop(500);
  const seen = new Set<string>();
  for (let look = 0; look < 62; look++) {
    const { ids } = await suspects.choose([], []);
    expect(ids.length).toBeLessThanOrEqual(LOOKED_AT);
    for (const one of ids) seen.add(one);
  }
  expect(seen.size).toBe(500);
  expect((await suspects.choose([], [])).ids).toContain(id(8));
});

it("those that were found stuck again", async () => {
  const suspects = shop(500);
  suspects.keep([id(400)]);
  expect((await suspects.choose([], [])).ids).toContain(id(400));
});

it("no order that was just placed, and nothing that is no order", async () => {
  const young = `${Date.now()
    .toString(16)
    .padStart(12, "0")
    .replace(/^(.{8})/, "$1-")}-7000-8000-000000000000`;
  const { ids } = await shop(0).choose([parked("TEA-001"), parked(young, "g")], []);
  expect(ids).toEqual([]);
});

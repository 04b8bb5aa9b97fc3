// What a service that was away says of its backlog.

import { expect, it } from "vitest";
import { CatchUp } from "../../shared/nats/catch-up.ts";
import type { Log } from "../../shared/observability/log.ts";

function service() {
  const lines: object[] = [];
  const state = { held: 0, seconds: 0 };
  const log = { info: (facts: object, text: string) => lines.push({ ...facts, text }) } as unknown as Log;
  const catchUp = new CatchUp(
    () => state.held,
    log,
    () => state.seconds * 1_000,
  );
  /** Lets a second go by, after which so much is left. */
  const second = (pending: number, held = 0) => {
    catchUp.expect(pending);
    state.held = held;
    catchUp.look();
    state.seconds++;
  };
  return { catchUp, lines, second };
}

it("is behind, at which rate it catches up, and when it will be there", () => {
  const { catchUp, second } = service();
  second(40_000);
  second(30_000);
  second(19_000, 1_000);
  catchUp.expect(9_500);
  expect(catchUp.backlog).toEqual({ behind: 10_500, perSecond: 9_833, etaSeconds: 2 });
});

it("will never be there when more comes than is done", () => {
  const { catchUp, second } = service();
  second(2_000);
  second(3_000);
  catchUp.expect(4_000);
  expect(catchUp.backlog).toEqual({ behind: 4_000, perSecond: -1_000, etaSeconds: null });
});

it("goes to the log: when it begins, every five seconds, and when it is over", () => {
  const { catchUp, lines, second } = service();
  for (const pending of [7_000, 6_000, 5_000, 4_000, 3_000, 2_000, 1_000, 99, 0]) second(pending);
  expect(lines).toEqual([
    { text: "behind; catching up", behind: 7_000 },
    { text: "catching up", behind: 2_000, perSecond: 1_000, etaSeconds: 2 },
    { text: "caught up", events: 7_000, seconds: 7 },
  ]);
  expect(catchUp.backlog).toBeUndefined();
});

it("is not worth a word as long as it is a service's daily work", () => {
  const { catchUp, lines, second } = service();
  second(0, 999);
  expect([catchUp.backlog, lines]).toEqual([undefined, []]);
});

// Mails may come again where the sender was hit while they went out, and only so many.

import { expect, it } from "vitest";
import { tooManyAgain } from "../../shared/chaos/again.ts";
import type { Fault, Kind } from "../../shared/chaos/plan.ts";

const sender = { service: "notifications", atOnce: 5 };
const fault = (kind: Kind, service = "notifications") => ({ kind, service }) as Fault;

it("no mail comes again when nothing has happened to the sender", () => {
  const others = [fault("service killed", "orders"), fault("NATS killed"), fault("store rolled back")];

  expect(tooManyAgain(0, others, sender)).toEqual([]);
  expect(tooManyAgain(1, others, sender)).toEqual([
    "1 mails came again, and 0 may after what has happened to notifications",
  ]);
});

it("a kill sends those again that were on their way", () => {
  const kills = [fault("service killed"), fault("service killed")];

  expect(tooManyAgain(10, kills, sender)).toEqual([]);
  expect(tooManyAgain(11, kills, sender)).toHaveLength(1);
});

it("a lost database sends those again that were not acknowledged, and never all of them", () => {
  const faults = [fault("consumer deleted"), fault("database deleted")];

  expect(tooManyAgain(205, faults, sender)).toEqual([]);
  expect(tooManyAgain(20_182, faults, sender)).toHaveLength(1);
});

// What many pages ask for at the same moment costs what one of them does, and no number of them is too much.

import { expect, it } from "vitest";
import { Sharing } from "../../apps/monitor/sharing.ts";

it("looks once for all who want the same meanwhile, and anew for whoever comes later", async () => {
  const sharing = new Sharing<number>();
  let looks = 0;
  const look = async () => ++looks;
  expect(await Promise.all(Array.from({ length: 50 }, () => sharing.ask("o1", look)))).toEqual(
    Array.from({ length: 50 }, () => 1),
  );
  expect(await sharing.ask("o1", look)).toBe(2);
});

it("looks for 16 at once, lets others wait in their turn, and turns away those beyond", async () => {
  const sharing = new Sharing<void>();
  const goOn: (() => void)[] = [];
  const look = () => new Promise<void>((resolve) => goOn.push(resolve));
  const all = Array.from({ length: 220 }, (_, n) => sharing.ask(`o${n}`, look));
  const ends = Promise.allSettled(all);
  await new Promise(setImmediate);
  expect(goOn).toHaveLength(16);
  for (let n = 0; n < 216; n++) {
    expect(goOn.length - n).toBeLessThanOrEqual(16);
    goOn[n]!();
    await all[n];
    await new Promise(setImmediate);
  }
  const refused = (await ends).filter(({ status }) => status === "rejected");
  expect(refused).toHaveLength(4);
  expect(refused[0]).toMatchObject({ reason: { status: 503 } });
});

it("tells all who wait that a look has failed, and looks again for the next", async () => {
  const sharing = new Sharing<string>();
  const fails = () => Promise.reject(new Error("NATS is not reachable"));
  const ends = await Promise.allSettled([sharing.ask("o1", fails), sharing.ask("o1", fails)]);
  expect(ends.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
  expect(await sharing.ask("o1", async () => "well")).toBe("well");
});

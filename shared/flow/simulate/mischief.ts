// What goes wrong by itself in a simulation: services die, the broker goes away, clocks jump.

import type { Broker } from "./broker.ts";
import type { Surroundings } from "./outside.ts";
import type { Setting } from "./setting.ts";
import type { Station } from "./station.ts";

const DOWN_MS = [10, 20_000] as const;
const LONG_DOWN_MS = [60_000, 300_000] as const;
const LONG_DOWN = 0.03;
/** How often it is looked whether a service that was stopped has ended. */
const STOPPING_MS = 100;
const BROKER_DOWN_MS = [50, 10_000] as const;
const OUTAGE_MS = [500, 120_000] as const;
const JUMP_MS = [100, 120_000_000] as const;

/** What of the outside can break down. */
type Fragile = Pick<Surroundings<unknown>, "breakDown" | "mend">;

/** Begins to do harm, and goes on as long as the setting has faults. */
export function makeMischief(
  stations: readonly Station[],
  broker: Broker,
  surroundings: Fragile,
  setting: Setting,
): void {
  const { scheduler, chance, trace } = setting;
  const callers = stations.filter(({ service }) => service.reactions.some(({ call }) => call));

  const fall = (station: Station, how: "kill" | "stop") => {
    if (station.isDown) return;
    trace.count(how === "kill" ? "kills" : "stops");
    station[how]();
    const forMs = chance.is(LONG_DOWN) ? chance.spread(...LONG_DOWN_MS) : chance.spread(...DOWN_MS);
    scheduler.after(forMs, () => rise(station));
  };
  const rise = (station: Station) => {
    if (station.isDown) station.start();
    else if (!station.runtime) scheduler.after(STOPPING_MS, () => rise(station));
  };

  every("killEvery", () => fall(chance.of(stations), "kill"));
  every("stopEvery", () => fall(chance.of(stations), "stop"));
  every("brokerDownEvery", () => {
    if (!broker.isUp) return;
    trace.count("times the broker is down");
    broker.goDown();
    scheduler.after(chance.spread(...BROKER_DOWN_MS), () => comeBack(stations, broker));
  });
  every("outageEvery", () => {
    trace.count("outages outside");
    surroundings.breakDown(chance.of(callers).name, chance.spread(...OUTAGE_MS));
  });
  every("jumpEvery", () => {
    trace.count("clock jumps");
    const byMs = chance.spread(...JUMP_MS);
    const jumping = chance.is(0.5) ? [broker, ...stations] : [chance.of(stations)];
    for (const one of jumping) one.ahead += byMs;
    trace.tell(`the clock of ${jumping.length > 1 ? "everybody" : jumping[0]!.name} jumps by ${byMs} ms`);
  });

  function every(kind: keyof Setting["faults"], strike: () => void): void {
    const mean = setting.faults[kind];
    if (mean === 0) return;
    scheduler.after(chance.wait(mean), () => {
      if (setting.faults[kind] === 0) return;
      strike();
      every(kind, strike);
    });
  }
}

/** Repairs everything: from here on nothing goes wrong. */
export function repair(stations: readonly Station[], broker: Broker, surroundings: Fragile): void {
  surroundings.mend();
  comeBack(stations, broker);
  for (const station of stations) {
    if (station.runtime) continue;
    station.kill();
    station.start();
  }
}

function comeBack(stations: readonly Station[], broker: Broker): void {
  if (broker.isUp) return;
  broker.comeUp();
  for (const station of stations) station.reconnect();
}

// One simulated run: orders come in while things go wrong; then all is repaired, comes to rest, and is judged.

import { Broker } from "./broker.ts";
import { Chance } from "./chance.ts";
import { faultsAt, type Level, noFaults } from "./faults.ts";
import { judge } from "./judge.ts";
import { makeMischief, repair } from "./mischief.ts";
import { Surroundings } from "./outside.ts";
import { People } from "./people.ts";
import { brokenPromises } from "./promises.ts";
import { Scheduler } from "./scheduler.ts";
import type { Setting, Simulated } from "./setting.ts";
import { Station } from "./station.ts";
import { Trace } from "./trace.ts";

/** One run: how many orders, at most a few thousand, and how much goes wrong. */
export interface RunOptions {
  readonly seed: number;
  readonly orders: number;
  readonly level: Level;
  /** The key of what is told as a story. */
  readonly watch?: string | undefined;
}

/** What a run came to. */
export interface Run {
  readonly seed: number;
  readonly orders: number;
  readonly facts: number;
  /** How orders ended, and how many of each. */
  readonly endings: Readonly<Record<string, number>>;
  readonly counts: Readonly<Record<string, number>>;
  readonly virtualMs: number;
  readonly hash: string;
  /** What is broken, as sentences. */
  readonly broken: readonly string[];
  /** The key of what the first of them is about, if it is about one order. */
  readonly brokenKey: string | undefined;
  /** What happened to what was watched. */
  readonly story: readonly string[];
}

/** How long orders come in, on average, and how long things go on to go wrong after the last one, in virtual time. */
const TRADE_MS = 60_000;
const AFTERMATH_MS = 30_000;
/** How late it is, when a deadline strikes: others strike with it. */
const TOO_LATE_MS = [1, 10_000_000] as const;
/** By then all has to have come to rest. */
const RESTLESS_MS = 6 * 3_600_000;
const RESTLESS_CALLS = 1_000_000;
const MOST_BROKEN = 20;

/** Simulates `orders` orders. The same options give the same run. */
export async function runOnce<World>(
  { services, outside, laws, traffic, assemble }: Simulated<World>,
  { seed, orders, level, watch }: RunOptions,
): Promise<Run> {
  const scheduler = new Scheduler();
  const chance = new Chance(seed);
  const trace = new Trace(() => scheduler.now, watch);
  const setting: Setting = { scheduler, chance, trace, faults: noFaults, broken: [] };
  const broker = new Broker(services, setting);
  const surroundings = new Surroundings(outside, setting);
  const stations = services.map(
    (service) => new Station(service, broker, surroundings.call, setting, assemble),
  );
  const people = new People(new Map(stations.map((station) => [station.name, station])), setting);
  const isAtRest = () =>
    scheduler.errands === 0 && broker.isIdle && stations.every((station) => station.isAtRest);

  try {
    for (const station of stations) station.start();
    for (const act of traffic.opening(chance)) people.plan(act);
    await settle();
    setting.faults = faultsAt(level, chance);
    makeMischief(stations, broker, surroundings, setting);
    await scheduler.run(placeOrders());
    setting.faults = noFaults;
    trace.tell("all is repaired");
    repair(stations, broker, surroundings);
    if (await settle()) await judgeAll();
    return result();
  } finally {
    for (const { db } of stations) db.close();
  }

  /** Lets orders come in; over when the last one was placed and the aftermath has passed. */
  function placeOrders(): () => boolean {
    let number = 0;
    let isOver = false;
    const next = () => {
      number++;
      for (const act of traffic.order(number, chance)) people.plan(act);
      if (number < orders) scheduler.errand(chance.wait(TRADE_MS / orders), next);
      else
        scheduler.errand(AFTERMATH_MS, () => {
          isOver = true;
        });
    };
    scheduler.errand(0, next);
    return () => isOver || setting.broken.length > 0;
  }

  /** Waits until all is at rest; false, and a sentence, if it never is. */
  async function settle(): Promise<boolean> {
    const until = scheduler.now + RESTLESS_MS;
    const most = scheduler.made + RESTLESS_CALLS;
    const isTooLong = () => scheduler.now > until || scheduler.made > most;
    await scheduler.run(() => isAtRest() || isTooLong() || setting.broken.length > 0);
    if (isAtRest() || setting.broken.length > 0) return setting.broken.length === 0;
    setting.broken.push(...whoWaits());
    return false;
  }

  /** Judges what is at rest, lets all deadlines pass, one after the other, and judges the end. */
  async function judgeAll(): Promise<void> {
    setting.broken.push(...brokenAt("calm"));
    let isCalm = setting.broken.length === 0;
    for (let soonest = nextDeadline(); isCalm && soonest !== undefined; soonest = nextDeadline()) {
      const to = soonest + chance.spread(...TOO_LATE_MS);
      for (const station of stations) station.ahead += Math.max(0, to - station.clockTime);
      isCalm = await settle();
    }
    if (isCalm) setting.broken.push(...brokenAt("end"));
  }

  /** What is broken; a broken promise of the kit comes first, since it breaks laws as well. */
  function brokenAt(moment: "calm" | "end"): string[] {
    const broken = judge(laws, moment, stations, broker, surroundings, level !== "none");
    if (moment === "calm" && broken.length === 0) return [];
    return [...brokenPromises(stations, broker, people), ...broken];
  }

  function nextDeadline(): number | undefined {
    const times = stations.flatMap(({ runtime }) => runtime?.engine.nextDeadline ?? []);
    return times.length > 0 ? Math.min(...times) : undefined;
  }

  function whoWaits(): string[] {
    const waits = stations.flatMap(({ name, isDown, runtime, trouble }) => {
      const { pending, waiting } = broker.durables.get(name)!.backlog;
      const unsaid = runtime ? runtime.engine.lastRow - runtime.outbox.through : 0;
      const first = pending[0];
      return [
        ...(isDown ? [`${name} is down`] : []),
        ...(first
          ? [`${name} does not finish ${first.type} of ${first.key}, and ${pending.length - 1} more`]
          : []),
        ...(waiting > 0 ? [`${name} has ${waiting} deliveries to come`] : []),
        ...(unsaid > 0 ? [`${name} has ${unsaid} facts that are not stored`] : []),
      ].map((what) => `stuck: ${what}${trouble ? `; its latest trouble: ${trouble}` : ""}`);
    });
    return [...waits, `stuck: it never comes to rest, and ${scheduler.errands} errands are open`];
  }

  function result(): Run {
    const endings: Record<string, number> = {};
    for (const event of broker.distinct()) {
      const ending = traffic.ending(event);
      if (ending !== undefined) endings[ending] = (endings[ending] ?? 0) + 1;
    }
    const keys = new Set(broker.stream.map(({ key }) => key));
    const words = setting.broken[0]?.match(/[\w-]+/g) ?? [];
    return {
      seed,
      orders,
      facts: broker.places.size,
      endings,
      counts: trace.counts,
      virtualMs: scheduler.now,
      hash: trace.hash,
      broken: setting.broken.slice(0, MOST_BROKEN),
      brokenKey: words.find((word) => keys.has(word)),
      story: trace.watched,
    };
  }
}

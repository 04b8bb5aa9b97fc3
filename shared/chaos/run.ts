// One chaos run: orders come in while things go wrong; then all comes to rest, and is judged.

import { Chance } from "../flow/simulate/chance.ts";
import { tooManyAgain } from "./again.ts";
import { unparked, untilCalm } from "./calm.ts";
import { carryOut, victimsOf } from "./faults.ts";
import { placeOrders, reviewAll, stockUp } from "./load.ts";
import { Operators, type Words } from "./operators.ts";
import { type Fault, isKill, type Kind, kinds, planOf } from "./plan.ts";
import { rebuiltAlike } from "./rebuild.ts";
import { toldOf } from "./report.ts";
import { Site } from "./site.ts";
import { SlowDisk } from "./slow-disk.ts";
import { Strikes } from "./strikes.ts";
import { endsOf, testimony, whereTheyStand } from "./testimony.ts";
import { type Shaken, verdict } from "./verdict.ts";

/** What is asked for. */
export interface ChaosOptions {
  readonly seed: number;
  readonly orders: number;
  /** How many times a service or nats-server is killed. */
  readonly kills: number;
}

/** What a run came to. */
export interface ChaosRun extends ChaosOptions {
  /** How orders ended, and how many of each. */
  readonly ends: Readonly<Record<string, number>>;
  /** How many faults there were besides the kills. */
  readonly others: number;
  /** How many faults of each kind there were. */
  readonly kinds: Readonly<Partial<Record<Kind, number>>>;
  /** The kinds that could not be carried out here. */
  readonly leftOut: readonly Kind[];
  readonly facts: number;
  /** How often something was in the stream once more. */
  readonly storedAgain: number;
  /** How many messages of the flow were lost when the store was rolled back or the stream deleted, and were stored anew since then. */
  readonly lostAndHealed: number;
  /** What is still parked: garbage that holds nobody up. */
  readonly parked: number;
  /** What operators have said meanwhile. */
  readonly words: Words;
  /** Mails that came more than once, under the same Message-ID. */
  readonly repeatedMails: number;
  readonly seconds: number;
  /** Orders a second, from the first one until all is at rest. */
  readonly perSecond: number;
  /** What is broken, as sentences. */
  readonly broken: readonly string[];
  /** Where the databases, the stream and the log are, if something is broken. */
  readonly folder: string | undefined;
}

const CALM_WITHIN_MS = 120_000;
/** So much longer for each order. */
const CALM_WITHIN_MS_EACH = 20;
const TELL_EVERY = 1_000;

/** Shakes the flow. `say` is told what happens, line by line. Rejects when it can't run, and when it is to end early. */
export async function runChaos<World>(
  flow: Shaken<World>,
  options: ChaosOptions,
  say: (line: string) => void,
  signal?: AbortSignal,
): Promise<ChaosRun> {
  return Site.during({ services: flow.services, signal }, (site) => {
    const begun = performance.now();
    const tell = (line: string) => say(`${secondsSince(begun).toFixed(1).padStart(7)} s  ${line}`);
    return shake(flow, options, site, begun, tell);
  });
}

async function shake<World>(
  flow: Shaken<World>,
  options: ChaosOptions,
  site: Site,
  begun: number,
  tell: (line: string) => void,
): Promise<ChaosRun> {
  const { seed, orders, kills } = options;
  const services = flow.services.map(({ name }) => name);
  site.slowDisk = await SlowDisk.here(tell);
  const possible = kinds.filter((kind) => canHappen(kind, site));
  const plan = planOf(new Chance(seed), { orders, kills, services, possible });
  const strike = async (fault: Fault) => {
    tell(toldOf(fault));
    await carryOut(fault, site);
  };
  const strikes = new Strikes(plan, strike, victimsOf);

  await stockUp(site, orders);
  const rest = new AbortController();
  const operators = await Operators.enter(site, seed);
  const people = [reviewAll(site, rest.signal), operators.work(rest.signal)];
  let accepted: string[];
  let restless: string[];
  try {
    accepted = await placeOrders(site, orders, new Chance(seed), async (number) => {
      if (number % TELL_EVERY === 0) tell(`${number} orders`);
      await strikes.due(number);
    });
    await strikes.ended();
    tell("all orders are placed, and all faults are over");
    const calmWithinMs = CALM_WITHIN_MS + orders * CALM_WITHIN_MS_EACH;
    // What PARKED has lost is put there again within some seconds.
    const untold = () => Promise.all(services.map((service) => unparked(site, service)));
    restless = await untilCalm(site, calmWithinMs, async () => [
      ...(await operators.unrest()),
      ...(await untold()).flat(),
    ]);
  } finally {
    rest.abort();
  }
  await Promise.all(people);
  const seconds = secondsSince(begun);
  tell(restless.length === 0 ? "all is at rest" : "it does not come to rest");

  const found = await testimony(site.connection);
  await Promise.all(services.map((service) => site.program(service).stop()));
  if (restless.length > 0) site.broken.push(...restless, ...whereTheyStand(found.flow));
  else site.broken.push(...verdict(flow, found, site.folder, site.mails, accepted));
  site.broken.push(...tooManyAgain(site.mails.repeats, plan, flow.sender));
  for (const service of services) site.broken.push(...(await rebuiltAlike(service, site.env)));

  const facts = new Set(found.flow.map(({ id }) => id)).size;
  return {
    ...options,
    ends: endsOf(found.flow),
    others: plan.filter(({ kind }) => !isKill(kind)).length,
    kinds: counted(plan.map(({ kind }) => kind)),
    leftOut: kinds.filter((kind) => !possible.includes(kind)),
    facts,
    storedAgain: found.flow.length - facts,
    lostAndHealed: site.lost,
    parked: found.parked.length,
    words: operators.words,
    repeatedMails: site.mails.repeats,
    seconds,
    perSecond: orders / seconds,
    broken: [...site.broken],
    folder: site.broken.length > 0 ? site.folder : undefined,
  };
}

function secondsSince(begun: number): number {
  return (performance.now() - begun) / 1_000;
}

/** Some faults need what not every machine has. */
function canHappen(kind: Kind, { disks, slowDisk }: Site): boolean {
  if (kind.endsWith("disk slow")) return slowDisk !== undefined;
  return kind !== "disk full" || disks !== undefined;
}

function counted(some: readonly Kind[]): Partial<Record<Kind, number>> {
  const counts: Partial<Record<Kind, number>> = {};
  for (const kind of some) counts[kind] = (counts[kind] ?? 0) + 1;
  return counts;
}

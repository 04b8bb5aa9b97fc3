// What the commands that only look have in common: how they find the stack, and how they end.

import { setTimeout as sleep } from "node:timers/promises";
import { Poll, type Snapshot } from "../../apps/monitor/poll.ts";
import { allServices } from "../../apps/services.ts";
import { type Config, loadConfig, natsUrl, serviceUrl } from "../config.ts";
import { whyNot } from "../nats/connect.ts";
import { NatsObserver } from "../nats/observer.ts";
import { MONITOR } from "../nats/topology.ts";
import type { AnyService } from "../service/define.ts";
import { runCommand } from "./command-line.ts";
import { passwordOf } from "./passwords.ts";

/** Looks between which a consumer is judged, where the monitor does not tell. */
const LOOKS = 5;
const LOOK_EVERY_MS = 500;
const ASK_MS = 3_000;

/** What a command that looks has to work with. */
export interface View {
  readonly config: Config;
  readonly services: readonly AnyService[];
}

/** Runs a command line; what it can't do is one sentence, after `trouble`, and exit code 2. */
export function look(trouble: string, run: (args: string[], view: View) => Promise<number>): Promise<void> {
  return runCommand((args) => {
    const config = loadConfig();
    return run(args, { config, services: allServices(config) });
  }, trouble);
}

/** Connects to NATS as the monitor does. Rejects when NATS is not there. */
export async function observe(config: Config): Promise<NatsObserver> {
  const account = { url: natsUrl(config), user: MONITOR, password: passwordOf(config, "MONITOR_PASSWORD") };
  return NatsObserver.connect(account, false).catch((cause) => {
    throw whyNot(account, cause);
  });
}

/** What the monitor answers; undefined when it does not, or can't tell. */
export async function askMonitor(config: Config, path: string): Promise<unknown> {
  try {
    const url = `${serviceUrl(config, MONITOR)}${path}`;
    const response = await fetch(url, { signal: AbortSignal.timeout(ASK_MS) });
    return response.ok ? await response.json() : undefined;
  } catch {
    return undefined;
  }
}

/** A look, and what it does not tell if it is none of the monitor's. */
export type Seen = Snapshot & { readonly limits?: string };

/** How the consumers stand: as the monitor saw them last, or by looks of our own, which take two seconds. */
export async function standing(view: View, observer: NatsObserver): Promise<Seen> {
  const { config, services } = view;
  const seen = (await askMonitor(config, "/api/consumers")) as Snapshot | undefined;
  if (seen?.nats.isConnected) return seen;
  const poll = new Poll(observer, services);
  let snapshot = await poll.look();
  for (let looks = 1; looks < LOOKS; looks++) {
    await sleep(LOOK_EVERY_MS);
    snapshot = await poll.look();
  }
  return { ...snapshot, limits: LIMITS };
}

const LIMITS = `The monitor does not answer: these are ${LOOKS} looks within ${((LOOKS - 1) * LOOK_EVERY_MS) / 1_000} s, too few to tell SLOW and STALLED from OK; --watch keeps looking.`;

// How each kind of fault is carried out on a running stack.

import { execFile } from "node:child_process";
import { existsSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { FLOW_STREAM } from "../nats/topology.ts";
import type { Supervised } from "../stack/supervise.ts";
import { unhealed } from "./calm.ts";
import { stateFile } from "./database.ts";
import { repeatEvents, sendGarbage } from "./mischief.ts";
import type { Fault, Kind } from "./plan.ts";
import { rebuild } from "./rebuild.ts";
import type { Site } from "./site.ts";
import { until } from "./until.ts";

const NATS = "nats";
const WITHIN_MS = 60_000;
/** How long it is waited for something that can be lost. */
const MOVES_WITHIN_MS = 5_000;

/** Who is meanwhile left alone by other faults. Where the store must not change it is NATS as well. */
export function victimsOf({ kind, service }: Fault): readonly string[] {
  if (kind === "database deleted") return [NATS, service];
  return kind.startsWith("service") || kind === "clock set" || kind === "disk full" ? [service] : [NATS];
}

/** Carries out a fault; resolves when it is over. */
export function carryOut(fault: Fault, site: Site): Promise<void> {
  return how[fault.kind](fault, site);
}

const how: Record<Kind, (fault: Fault, site: Site) => Promise<void>> = {
  "service killed": ({ service }, site) => kill(site.program(service)),
  "NATS killed": (_, site) => kill(site.program(NATS)),
  "service frozen": ({ service, ms }, site) => freeze(site.program(service), ms),
  "NATS frozen": ({ ms }, site) => freeze(site.program(NATS), ms),
  "events repeated": repeatEvents,
  "garbage sent": sendGarbage,

  async "clock set"({ service, ms }, site) {
    writeFileSync(join(site.clocks, service), `${ms}`);
  },

  async "disk full"({ service, ms }, { disks, folder }) {
    const path = join(folder, service);
    disks!.fill(path);
    try {
      await sleep(ms);
    } finally {
      disks!.free(path);
    }
  },

  /** Everything that NATS stored after the copy is lost, what its consumers knew included. */
  async "store rolled back"({ ms }, site) {
    const store = join(site.folder, "nats");
    const copy = join(site.folder, "nats-copy");
    const copied = await lastStored(site);
    await copyStore(store, copy);
    await sleep(ms);
    await until(MOVES_WITHIN_MS, async () => ((await lastStored(site)) > copied ? true : undefined));
    site.lost += (await lastStored(site)) - copied;
    const nats = site.program(NATS);
    await nats.fell();
    rmSync(store, { recursive: true });
    renameSync(copy, store);
    nats.start();
    // Who loses its database before it has told NATS again what was lost has lost it for good.
    site.broken.push(...(await site.untilHealed()));
  },

  /** What only the service knows is lost with its database: so all that it has said has to be stored by then. */
  async "database deleted"({ service }, site) {
    const program = site.program(service);
    const isHealed = async () => (await unhealed(site, [service])).length === 0 || undefined;
    const isReady = await until(WITHIN_MS, async () => {
      await until(WITHIN_MS, isHealed);
      await program.fell();
      if (await isHealed()) return true;
      program.start();
      return undefined;
    });
    if (!isReady) throw new Error(`what ${service} has said was not stored within ${WITHIN_MS} ms`);
    const file = stateFile(site.folder, service);
    for (const end of ["", "-wal", "-shm"]) rmSync(`${file}${end}`, { force: true });
    await rebuild(service, site.env);
    program.start();
  },
};

/** As `kill -9` does it: it is started again by itself. */
async function kill(program: Supervised): Promise<void> {
  await until(WITHIN_MS, () => program.pid);
  const { deaths } = program;
  program.signal("SIGKILL");
  await until(WITHIN_MS, () => (program.deaths > deaths ? true : undefined));
}

async function freeze(program: Supervised, ms: number): Promise<void> {
  await until(WITHIN_MS, () => program.pid);
  program.signal("SIGSTOP");
  try {
    await sleep(ms);
  } finally {
    program.signal("SIGCONT");
  }
}

/** The number of the newest message in the flow's stream, as soon as NATS answers. */
async function lastStored({ manager }: Site): Promise<number> {
  return (await until(WITHIN_MS, async () => (await manager.streams.info(FLOW_STREAM)).state.last_seq)) ?? 0;
}

/** A copy that is torn as it may be: files change, come and go while it is made. */
async function copyStore(from: string, to: string): Promise<void> {
  rmSync(to, { recursive: true, force: true });
  await promisify(execFile)("cp", ["-r", from, to]).catch((error) => {
    if (!existsSync(to)) throw error; // A file that went meanwhile is no reason.
  });
}

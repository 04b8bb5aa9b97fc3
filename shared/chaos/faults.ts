// How each kind of fault is carried out on a running stack.

import { execFile } from "node:child_process";
import { existsSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { JetStreamApiCodes, JetStreamApiError } from "@nats-io/jetstream";
import BetterSqlite from "better-sqlite3";
import { FLOW_STREAM, PARKED_STREAM, SCHEMA_STREAM } from "../nats/topology.ts";
import type { Supervised } from "../stack/supervise.ts";
import { lagOf, unhealed, unparked } from "./calm.ts";
import { rowsOf, stateFile } from "./database.ts";
import { repeatEvents, sendGarbage } from "./mischief.ts";
import type { Fault, Kind } from "./plan.ts";
import { rebuild } from "./rebuild.ts";
import type { Site } from "./site.ts";
import { until } from "./until.ts";

const NATS = "nats";
/** What heals when it is deleted. */
const STREAMS = [SCHEMA_STREAM, FLOW_STREAM, PARKED_STREAM];
const GONE: readonly number[] = [JetStreamApiCodes.ConsumerNotFound, JetStreamApiCodes.StreamNotFound];
const REFUSAL = "chaos refuses this order";
/** So much longer is it waited for something that is refused. */
const REFUSED_WITHIN_MS = 10_000;
/** Where the id of an order ends, with which the ids of its events begin. */
const LAST_DIGIT = 36;
const WITHIN_MS = 60_000;
/** How long it is waited for something that can be lost. */
const MOVES_WITHIN_MS = 5_000;

/** A service loses its database only when fewer events than that wait for it or are not acknowledged. */
export const FEW = 200;

/** What happens to a service and to nobody else. */
const OWN: readonly Kind[] = [
  "service killed",
  "service frozen",
  "service's disk slow",
  "disk full",
  "clock set",
  "orders refused",
  "consumer deleted",
];

/** Who is meanwhile left alone by other faults. Where the store must not change it is NATS as well. */
export function victimsOf({ kind, service }: Fault): readonly string[] {
  if (kind === "database deleted") return [NATS, service];
  return OWN.includes(kind) ? [service] : [NATS];
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
  "service's disk slow": ({ service, ms }, site) => slow(service, ms, site),
  "NATS's disk slow": ({ ms }, site) => slow(NATS, ms, site),
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

  /** As by a bug that hits one order in four, until something of them is parked and somebody mends it. */
  async "orders refused"({ service, ms, seed }, { folder }) {
    const file = stateFile(folder, service);
    const digits = [0, 4, 8, 12].map((step) => `'${((seed + step) % 16).toString(16)}'`);
    change(
      file,
      `CREATE TRIGGER chaos_refusal BEFORE INSERT ON inbox WHEN substr(NEW.event_id, ${LAST_DIGIT}, 1) IN (${digits})
       BEGIN SELECT RAISE(ABORT, '${REFUSAL}'); END`,
    );
    try {
      await sleep(ms);
      await until(REFUSED_WITHIN_MS, () => isRefusing(file) || undefined);
    } finally {
      change(file, "DROP TRIGGER chaos_refusal");
    }
  },

  async "consumer deleted"({ service }, { manager }) {
    await remove(() => manager.consumers.delete(FLOW_STREAM, service));
    const again = await until(WITHIN_MS, () => manager.consumers.info(FLOW_STREAM, service));
    if (!again) throw new Error(`the consumer of ${service} was not made anew within ${WITHIN_MS} ms`);
  },

  async "stream deleted"(fault, site) {
    const { manager } = site;
    const stream = streamOf(fault);
    const isFlow = stream === FLOW_STREAM;
    if (isFlow) site.lost += await storedIn(site);
    await remove(() => manager.streams.delete(stream));
    const again = await until(WITHIN_MS, () => manager.streams.info(stream));
    if (!again) throw new Error(`the stream ${stream} was not made anew within ${WITHIN_MS} ms`);
    if (isFlow) site.broken.push(...(await site.untilHealed()));
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

  /**
   * What only the service knows is lost with its database: so all that it has said has to be stored by then, and nearly all that
   * it has handled acknowledged.
   */
  async "database deleted"({ service }, site) {
    const program = site.program(service);
    const isHealed = async () =>
      [...(await unhealed(site, [service])), ...(await unparked(site, service))].length === 0 || undefined;
    const isReady = await until(WITHIN_MS, async () => {
      await until(WITHIN_MS, async () => ((await lagOf(site, service)) < FEW ? isHealed() : undefined));
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

async function slow(name: string, ms: number, site: Site): Promise<void> {
  const pid = await until(WITHIN_MS, () => site.program(name).pid);
  await site.slowDisk!.during(pid!, () => sleep(ms));
}

function isRefusing(file: string): boolean {
  return rowsOf(file, "parked").some(({ state, why }) => state === "failed" && `${why}`.includes(REFUSAL));
}

/** Changes the database of a service while it runs. */
function change(file: string, sql: string): void {
  const db = new BetterSqlite(file, { fileMustExist: true });
  try {
    db.exec(sql);
  } finally {
    db.close();
  }
}

/** Deletes something in NATS. Where the answer got lost it is gone as well. */
async function remove(ask: () => Promise<unknown>): Promise<void> {
  await until(WITHIN_MS, () =>
    ask().catch((error) => {
      if (error instanceof JetStreamApiError && GONE.includes(error.code)) return true;
      throw error;
    }),
  );
}

/** The stream that is deleted. */
export function streamOf({ seed }: Fault): string {
  return STREAMS[seed % STREAMS.length]!;
}

async function storedIn({ manager }: Site): Promise<number> {
  const messages = async () => (await manager.streams.info(FLOW_STREAM)).state.messages;
  return (await until(WITHIN_MS, messages)) ?? 0;
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

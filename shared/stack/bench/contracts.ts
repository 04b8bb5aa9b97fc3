// What the contracts cost: decoding with the codec against avsc alone, each in a process of its own, taking turns.

import { type ChildProcess, fork } from "node:child_process";
import { join } from "node:path";
import { projectRoot } from "../project.ts";
import type { Decoder, Written } from "./decoding.ts";
import { median } from "./median.ts";

/** Medians over all rounds. */
export interface DecodingRun {
  readonly written: Written;
  /** Nanoseconds for one datum. */
  readonly avscNs: number;
  readonly codecNs: number;
  /** Of avsc alone. */
  readonly codecRatio: number;
}

const WARM_UP_ROUNDS = 20;
const ROUNDS = 100;

/** Decodes the largest event in both of its versions, and the smallest. */
export async function measureDecoding(): Promise<DecodingRun[]> {
  const runs: DecodingRun[] = [];
  for (const written of ["order.created v2", "order.created v1", "order.completed v1"] as const) {
    runs.push(await measure(written));
  }
  return runs;
}

async function measure(written: Written): Promise<DecodingRun> {
  const decoders = ["avsc", "codec"] as const;
  const processes = decoders.map((by) => start(by, written));
  try {
    const times = decoders.map((): number[] => []);
    for (let round = -WARM_UP_ROUNDS; round < ROUNDS; round++) {
      for (const [index, process] of processes.entries()) {
        const nanoseconds = await oneRound(process);
        if (round >= 0) times[index]!.push(nanoseconds);
      }
    }
    const [avscNs, codecNs] = times.map(median) as [number, number];
    return { written, avscNs, codecNs, codecRatio: codecNs / avscNs };
  } finally {
    for (const process of processes) process.kill();
  }
}

function start(by: Decoder, written: Written): ChildProcess {
  return fork(join(projectRoot, "dist", "shared", "stack", "bench", "decoding.js"), [by, written]);
}

function oneRound(process: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    const ended = () => reject(new Error("a decoder ended unexpectedly"));
    process.once("exit", ended);
    process.once("message", (nanoseconds: number) => {
      process.off("exit", ended);
      resolve(nanoseconds);
    });
    process.send("go");
  });
}

// `npm run -s demo [-- --json]`: places one order for each branch of the flow on a running stack, and shows them live to their ends.

import { setTimeout as sleep } from "node:timers/promises";
import { Reader } from "../../apps/monitor/read.ts";
import { endOf, type Told } from "../../apps/monitor/timeline.ts";
import { span } from "../../apps/monitor/words.ts";
import { type Config, serviceUrl } from "../config.ts";
import { columns } from "../layout.ts";
import { createLog } from "../observability/log.ts";
import { options } from "./arguments.ts";
import { FOUND_FAULT } from "./command-line.ts";
import { type Branch, branches, DEMO_SKU } from "./demo/branches.ts";
import { look, observe } from "./terminal.ts";

const LOOK_EVERY_MS = 200;
const ENDS_WITHIN_MS = 60_000;
const ASK_MS = 5_000;
/** More than one run takes. */
const STOCK = 20;

/** One order on its way. */
interface Placed {
  readonly branch: Branch;
  readonly orderId: string;
  told: readonly Told[];
  isDone: boolean;
}

/** What became of one branch. */
interface Came {
  readonly branch: string;
  readonly orderId: string;
  readonly end: string | null;
  /** From the order to its end. */
  readonly ms: number | null;
  readonly isAsExpected: boolean;
}

await look("Can't show the branches", async (args, { config }) => {
  const { json } = options("demo takes --json", args, { json: { type: "boolean", default: false } });
  const say = json ? () => {} : (line: string) => console.log(line);
  const observer = await observe(config);
  try {
    const reader = new Reader(observer, createLog("demo", "warn"));
    const came = await play(config, reader, say);
    console.log(json ? JSON.stringify(came, undefined, 2) : `\n${text(came)}`);
    return came.every(({ isAsExpected }) => isAsExpected) ? 0 : FOUND_FAULT;
  } finally {
    await observer.close();
  }
});

async function play(config: Config, reader: Reader, say: (line: string) => void): Promise<Came[]> {
  await send(config, "inventory", `/stock/${DEMO_SKU}/adjustments`, { delta: STOCK, reason: "a demo" });
  const placed: Placed[] = [];
  for (const branch of branches(config.RISK_REVIEW_FROM_CENTS)) {
    const { orderId } = (await send(config, "orders", "/orders", branch.order)) as { orderId: string };
    placed.push({ branch, orderId, told: [], isDone: false });
  }
  const begun = performance.now();
  while (placed.some((one) => !isOver(one)) && performance.now() - begun < ENDS_WITHIN_MS) {
    await sleep(LOOK_EVERY_MS);
    const fresh = await Promise.all(
      placed.filter((one) => !isOver(one)).map((one) => follow(one, config, reader)),
    );
    for (const { line } of fresh.flat().sort((a, b) => a.at - b.at)) say(line);
  }
  return placed.map(came);
}

/** What is new about an order; and what somebody does about it now. */
async function follow(one: Placed, config: Config, reader: Reader): Promise<Line[]> {
  const { branch, orderId } = one;
  const before = one.told.length;
  one.told = await reader.about(orderId);
  const lines = one.told
    .slice(before)
    .map(({ at, event, subject }) => lineOf(branch, at, event?.type ?? subject, event?.source));
  const { deed } = branch;
  if (!deed || one.isDone || !one.told.some(({ event }) => event?.type === deed.after)) return lines;
  one.isDone = true;
  const done = lineOf(branch, Date.now(), deed.told);
  await send(config, deed.service, deed.path(orderId), deed.body);
  return [...lines, done];
}

interface Line {
  readonly at: number;
  readonly line: string;
}

function lineOf({ name }: Branch, at: number, what: string, who = ""): Line {
  const [, time = ""] = new Date(at).toISOString().split("T");
  return { at, line: `${time.slice(0, 12)}  ${name.padEnd(34)}${what.padEnd(30)}${who}`.trimEnd() };
}

/** It has ended, and all that has to be on the way was said; some of it is only said afterwards. */
function isOver({ branch, told }: Placed): boolean {
  return (
    endOf(told) !== undefined && branch.by.every((type) => told.some(({ event }) => event?.type === type))
  );
}

function came(one: Placed): Came {
  const { branch, orderId, told } = one;
  const end = endOf(told);
  const ms = end ? end.at - told[0]!.at : null;
  const isAsExpected = isOver(one) && end!.event!.type === branch.end;
  return { branch: branch.name, orderId, end: end?.event?.type ?? null, ms, isAsExpected };
}

function text(all: readonly Came[]): string {
  const rows = all.map(({ branch, orderId, end, ms, isAsExpected }) => [
    isAsExpected ? "as expected" : "NOT AS EXPECTED",
    branch,
    end ?? "has not ended",
    ms === null ? "" : span(ms),
    `npm run -s order -- ${orderId}`,
  ]);
  return columns([["ENDED", "BRANCH", "WITH", "AFTER", "ITS STORY"], ...rows]);
}

async function send(config: Config, service: string, path: string, body: object): Promise<unknown> {
  const url = serviceUrl(config, service);
  const response = await fetch(`${url}${path}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(ASK_MS),
  }).catch((cause) => {
    throw new Error(`${service} does not answer at ${url}: is the stack running?`, { cause });
  });
  const answer = (await response.json()) as { detail?: string };
  if (!response.ok) throw new Error(`${service} refuses ${path}: ${answer.detail}`);
  return answer;
}

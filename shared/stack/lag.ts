// `npm run -s lag [-- --watch] [--json] [--check]`: how far every service is behind, and when it will have caught up.

import { setTimeout as sleep } from "node:timers/promises";
import { type Checked, check } from "../../apps/monitor/check.ts";
import { Poll, type Snapshot } from "../../apps/monitor/poll.ts";
import { span } from "../../apps/monitor/words.ts";
import { CannotRun } from "../cannot-run.ts";
import { columns } from "../layout.ts";
import type { NatsObserver } from "../nats/observer.ts";
import { options } from "./arguments.ts";
import { FOUND_FAULT } from "./command-line.ts";
import { askMonitor, look, observe, type Seen, standing, type View } from "./terminal.ts";

const TAKES = "lag takes --watch, --json and --check";
/** The most messages that a check reads for one service. */
const CHECKED = 10_000_000;

await look("Can't tell how far the services are behind", async (args, view) => {
  const {
    watch,
    json,
    check: isChecked,
  } = options(TAKES, args, {
    watch: { type: "boolean", default: false },
    json: { type: "boolean", default: false },
    check: { type: "boolean", default: false },
  });
  if (watch && isChecked) throw new CannotRun(`${TAKES}, but not the first and the last together.`);
  const observer = await observe(view.config);
  try {
    if (watch) await watchOn(view, observer, json);
    const snapshot = await standing(view, observer);
    const checks = isChecked ? await checked(view, observer) : [];
    console.log(
      json ? JSON.stringify({ ...snapshot, ...(isChecked && { checks }) }) : text(snapshot, checks),
    );
    const isIll = snapshot.consumers.some(
      ({ status }) => status === "STALLED" || status === "NOBODY LISTENING",
    );
    return isIll || checks.some(({ agrees }) => !agrees) ? FOUND_FAULT : 0;
  } finally {
    await observer.close();
  }
});

/** Shows every look until Ctrl-C: the monitor's, or our own while it does not answer. */
async function watchOn({ config, services }: View, observer: NatsObserver, json: boolean): Promise<never> {
  const poll = new Poll(observer, services);
  for (let shown = 0; ; ) {
    const seen = (await askMonitor(config, "/api/consumers")) as Snapshot | undefined;
    const snapshot = seen?.nats.isConnected ? seen : await ownLook(poll);
    if (!snapshot) console.log("NATS does not answer.");
    else if (snapshot.at !== shown) {
      const clear = process.stdout.isTTY && !json ? "\x1b[2J\x1b[H" : "";
      console.log(clear + (json ? JSON.stringify(snapshot) : text(snapshot, [])));
      shown = snapshot.at;
    }
    await sleep(config.MONITOR_POLL_MS / 2);
  }
}

/** A look of our own, and what it does not tell; undefined when NATS does not answer. */
async function ownLook(poll: Poll): Promise<Seen | undefined> {
  const limits =
    "The monitor does not answer: these are this terminal's own looks, and the first few can't tell much.";
  return poll.look().then(
    (snapshot) => ({ ...snapshot, limits }),
    () => undefined,
  );
}

async function checked({ services }: View, observer: NatsObserver): Promise<Checked[]> {
  const checks: Checked[] = [];
  for (const service of services)
    checks.push((await check(observer, service, CHECKED)) ?? nothing(service.name));
  return checks;
}

function nothing(name: string): Checked {
  return { name, said: 0, counted: [0, 0], agrees: false };
}

function text({ consumers, at, limits }: Seen, checks: readonly Checked[]): string {
  const head = [
    "SERVICE",
    "STATUS",
    "LAG",
    "OLDEST",
    "IN/S",
    "OUT/S",
    "ETA",
    "PENDING",
    "UNACKED",
    "AGAIN",
    "ASKS",
  ];
  const rows = consumers.map((one) => [
    one.name,
    one.status,
    `${one.lag}`,
    one.lag > 0 ? span(one.lagSeconds * 1_000) : "-",
    one.perSecondIn === null ? "?" : `${one.perSecondIn}`,
    one.perSecondOut === null ? "?" : `${one.perSecondOut}`,
    one.lag === 0 ? "-" : one.etaSeconds === null ? "?" : span(one.etaSeconds * 1_000),
    `${one.pending}`,
    `${one.ackPending}`,
    `${one.redelivered}`,
    `${one.waiting}`,
  ]);
  const told = consumers.filter(({ status, lag }) => status !== "OK" || (limits && lag > 0));
  const why = told.map(({ name, why }) => `${name}: ${why}.`);
  const counts = checks.map(({ name, said, counted: [before, after], agrees }) => {
    const found = before === after ? `${after}` : `${before} to ${after}`;
    return `${name}: says ${said} are not delivered, and ${found} are in the stream${agrees ? "" : ": that is WRONG"}.`;
  });
  const time = `As of ${new Date(at).toISOString()}.`;
  return [
    columns([head, ...rows]),
    ...["", ...why, ...counts, ...(limits ? [limits] : []), time].filter((line, index) => index > 0 || line),
  ].join("\n");
}

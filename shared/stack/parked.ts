// `npm run -s parked -- …`: looks through what services have put aside, and says what is to become of it.

import { userInfo } from "node:os";
import { join } from "node:path";
import type { ParseArgsConfig } from "node:util";
import { allServices } from "../../apps/services.ts";
import { CannotRun } from "../cannot-run.ts";
import { type Config, loadConfig, natsUrl } from "../config.ts";
import { foresee } from "../parked/dry-run.ts";
import { type Blocked, type Entry, groupsOf, inOrder } from "../parked/entries.ts";
import { Operator } from "../parked/operator.ts";
import { entryText, groupsText, listText, nameOf } from "../parked/texts.ts";
import { parse } from "./arguments.ts";
import { commandIn, FOUND_FAULT, type Io, type Out, runCommand } from "./command-line.ts";
import { passwordOf } from "./passwords.ts";

const USAGE = `npm run -s parked -- COMMAND

  list [--group] [--json]        what is parked; --group: how much, and why
  show ID [--json]               one message: cause, stack, data, and its lane
  redrive ID... | --group GROUP [--dry-run] [--by NAME]
                                 has messages handled again, in order; those that wait behind them follow
  discard ID... --reason "..." [--dry-run] [--by NAME]
                                 gives messages up for good; those that wait behind them go on`;

/** How long to wait for what becomes of it. */
const ANSWER_WITHIN_MS = 5_000;

interface Task {
  readonly config: Config;
  readonly operator: Operator;
  readonly out: Out;
}

/** Runs a command; resolves to the exit code: 1 when something could not be done, or has failed again. */
type Run = (task: Task, ids: readonly number[], options: Options) => Promise<number>;

interface Options {
  readonly group?: string | boolean;
  readonly json?: boolean;
  readonly reason?: string;
  readonly by?: string;
  readonly "dry-run"?: boolean;
}

const json = { type: "boolean" } as const;
const change = { by: { type: "string" }, "dry-run": { type: "boolean" } } as const;

const commands: Readonly<Record<string, { run: Run; options: NonNullable<ParseArgsConfig["options"]> }>> = {
  list: { run: list, options: { group: { type: "boolean" }, json } },
  show: { run: show, options: { json } },
  redrive: { run: redrive, options: { group: { type: "string" }, ...change } },
  discard: { run: discard, options: { reason: { type: "string" }, ...change } },
};

/** What was asked for is not there. */
class Gone extends Error {}

await runCommand(run, "Can't tell what is parked");

async function run(args: readonly string[], io: Io): Promise<number> {
  const [name] = args;
  const command = commandIn({ name: "parked", usage: USAGE, commands }, args, io);
  if (!command) return 0;
  const { positionals, values } = parse(`npm run -s parked -- --help says what ${name} takes`, {
    args: args.slice(1),
    options: command.options,
    allowPositionals: true,
  });
  const ids = positionals.map(idIn);
  const config = loadConfig();
  const operator = await Operator.connect(natsUrl(config), passwordOf(config, "OPERATOR_PASSWORD"));
  try {
    return await command.run({ config, operator, out: io.out }, ids, values);
  } catch (error) {
    if (!(error instanceof Gone)) throw error;
    io.err(error.message);
    return FOUND_FAULT;
  } finally {
    await operator.close();
  }
}

async function list(
  { operator, out }: Task,
  ids: readonly number[],
  { group, json }: Options,
): Promise<number> {
  if (ids.length > 0) throw new CannotRun("list takes no ID; show does");
  const entries = await operator.entries();
  if (json) out(JSON.stringify(group ? groupsOf(entries) : entries.map(plain), undefined, 2));
  else out(group ? groupsText(groupsOf(entries)) : listText(entries));
  return 0;
}

async function show({ operator, out }: Task, ids: readonly number[], { json }: Options): Promise<number> {
  if (ids.length !== 1) throw new CannotRun("show takes one ID, as list prints them");
  const entries = await operator.entries();
  const [entry] = chosen(entries, ids);
  out(json ? JSON.stringify(plain(entry!), undefined, 2) : entryText(entry!, entries));
  return 0;
}

async function redrive(task: Task, ids: readonly number[], options: Options): Promise<number> {
  const { operator, out } = task;
  const { group } = options;
  if (ids.length > 0 === (group !== undefined))
    throw new CannotRun("redrive takes IDs, or --group and one of the groups");
  const entries = await operator.entries();
  const wanted = new Set(ids.length > 0 ? chosen(entries, ids) : ofGroup(entries, `${group}`));
  const { handled, blocked } = inOrder(entries, (entry) => wanted.has(entry));
  for (const line of blocked.map(inTheWay)) out(line);
  if (options["dry-run"]) foretell(task, handled);
  else {
    for (const entry of handled)
      if (wanted.has(entry)) await operator.say("redriven", entry, nameIn(options));
    return Math.max(blocked.length > 0 ? 1 : 0, await awaitEnds(task, handled));
  }
  return blocked.length > 0 ? 1 : 0;
}

async function discard(task: Task, ids: readonly number[], options: Options): Promise<number> {
  const { operator, out } = task;
  const { reason } = options;
  if (ids.length === 0) throw new CannotRun("discard takes IDs, as list prints them");
  if (!reason?.trim()) throw new CannotRun('discard needs a --reason "...", for those who ask later');
  const entries = await operator.entries();
  const unwanted = new Set(chosen(entries, ids));
  const { handled } = inOrder(entries, (entry) => unwanted.has(entry));
  const next = handled.filter((entry) => !unwanted.has(entry));
  if (options["dry-run"]) {
    for (const entry of unwanted)
      out(`${nameOf(entry)} is given up: it has no effect, now or when it comes again.`);
    foretell(task, next);
    return 0;
  }
  for (const entry of unwanted) await operator.say("discarded", entry, nameIn(options), reason);
  return awaitEnds(task, [...unwanted, ...next]);
}

/** Tells what has become of the entries, as far as it is known soon; 1 if one has failed again. */
async function awaitEnds({ operator, out }: Task, entries: readonly Entry[]): Promise<number> {
  const deadline = Date.now() + ANSWER_WITHIN_MS;
  const failed = new Set<string>();
  for (const entry of entries) {
    const lane = `${entry.service}.${entry.key}`;
    if (failed.has(lane)) {
      out(`${nameOf(entry)} goes on waiting.`);
      continue;
    }
    const became = await operator.outcome(entry, Math.max(0, deadline - Date.now()));
    if (became === "ended") out(`${nameOf(entry)} is no longer parked.`);
    else if (!became) out(`${nameOf(entry)} is unchanged: ${entry.service} has not got to it yet.`);
    else {
      out(`${nameOf(entry)} has failed again, and is now ${became.id}: ${became.cause}`);
      failed.add(lane);
    }
  }
  return failed.size > 0 ? 1 : 0;
}

/** Says what handling the entries would come to, by each service's own code on its own database. */
function foretell({ config, out }: Task, entries: readonly Entry[]): void {
  for (const service of allServices(config)) {
    const own = entries.filter((entry) => entry.service === service.name);
    if (own.length === 0) continue;
    const foreseen = foresee(service, join(config.DATA_DIR, service.name, "state.db"), own);
    for (const [index, entry] of own.entries()) out(`${nameOf(entry)} ${foreseen[index]}`);
  }
}

function inTheWay({ entry, by }: Blocked): string {
  return `${nameOf(entry)} waits behind ${nameOf(by)}: redrive or discard that one first.`;
}

/** The entries with these IDs. */
function chosen(entries: readonly Entry[], ids: readonly number[]): Entry[] {
  return ids.map((id) => {
    const entry = entries.find((one) => one.id === id);
    if (!entry)
      throw new Gone(
        `Nothing is parked as ${id}: it has ended, or has failed again under another ID. See list.`,
      );
    return entry;
  });
}

function ofGroup(entries: readonly Entry[], group: string): Entry[] {
  const own = entries.filter(({ fingerprint }) => fingerprint === group);
  if (own.length === 0) throw new Gone(`Nothing is parked in the group ${group}. See list --group.`);
  return own;
}

function nameIn({ by }: Options): string {
  return by ?? userInfo().username;
}

/** An entry without its bytes. */
function plain({ message: { data }, ...entry }: Entry): object {
  return { ...entry, bytes: data.length };
}

function idIn(text: string): number {
  if (!/^[1-9]\d{0,14}$/.test(text))
    throw new CannotRun(`"${text}" is not an ID: list prints them, as numbers`);
  return Number(text);
}

// `npm run -s rebuild -- SERVICE [--force] [--as-of TIME] [--json]`: a service's database is made anew from the stream.

import { join } from "node:path";
import type { NatsConnection } from "nats";
import { allServices } from "../../apps/services.ts";
import { CannotRun } from "../cannot-run.ts";
import { type Config, loadConfig, natsUrl } from "../config.ts";
import { connectNats, whyNot } from "../nats/connect.ts";
import { ADMIN } from "../nats/topology.ts";
import { type AsOf, type Gone, type Rebuilt, rebuild, rebuildAsOf } from "../service/rebuild.ts";
import { parse } from "./arguments.ts";
import { runCommand } from "./command-line.ts";
import { whileHeld } from "./control.ts";
import { passwordOf } from "./passwords.ts";

const TAKES = "rebuild takes --force, --as-of TIME, --json and the name of one service";
const DIFFERS = 1;

await runCommand((args) => run(argumentsOf(args)), "Can't rebuild");

async function run({ name, force, asOf, json }: ReturnType<typeof argumentsOf>): Promise<number> {
  const config = loadConfig();
  const services = allServices(config);
  const service = services.find((one) => one.name === name);
  if (!service) throw new CannotRun(`${TAKES}: ${services.map((one) => one.name).join(", ")}.`);

  const connection = await connect(config);
  try {
    const target = { service, folder: join(config.DATA_DIR, service.name), connection };
    const done = asOf
      ? await rebuildAsOf(target, asOf)
      : await whileHeld(config.DATA_DIR, service.name, () => rebuild(target, { force }), console.error);
    console.log(json ? JSON.stringify(done) : reportOf(done));
    return "inPlace" in done && !done.inPlace ? DIFFERS : 0;
  } finally {
    await connection.close();
  }
}

function argumentsOf(args: string[]) {
  const { values, positionals } = parse(TAKES, {
    args,
    allowPositionals: true,
    options: {
      force: { type: "boolean", default: false },
      "as-of": { type: "string" },
      json: { type: "boolean", default: false },
    },
  });
  const { force, json, "as-of": text } = values;
  const asOf = text === undefined ? undefined : new Date(text);
  if (asOf && Number.isNaN(asOf.getTime()))
    throw new CannotRun(`--as-of takes a time such as 2026-01-05T09:00Z, not ${text}.`);
  return { name: positionals.length === 1 ? positionals[0] : undefined, force, asOf, json };
}

/** Connects as the administrator. */
async function connect(config: Config): Promise<NatsConnection> {
  const account = { url: natsUrl(config), user: ADMIN, password: passwordOf(config, "ADMIN_PASSWORD") };
  return connectNats(account, false).catch((cause) => {
    throw whyNot(account, cause);
  });
}

function missing(gone: Gone | null, goesOn: boolean): string {
  if (!gone) return "";
  const before = goesOn
    ? `what came before ${gone.since} is taken over from the old database`
    : `it knows nothing of what came before ${gone.since}`;
  return ` ${gone.messages} of ${gone.of} messages are no longer there: ${before}.`;
}

function reportOf(done: AsOf | Rebuilt): string {
  const told = `${done.service}: ${done.events} events in ${done.seconds.toFixed(1)} s.${missing(done.gone, "goesOn" in done && done.goesOn)}`;
  if ("summary" in done)
    return [told, JSON.stringify(done.summary, null, 2), `The database is ${done.file}.`].join("\n");

  const { before, after, differences, inPlace, kept } = done;
  if (before === null) return `${told} There was no database before; the state is ${after}.`;
  if (before === after) return `${told} The state is unchanged: ${after}.`;
  return [
    `${told} The state was ${before}, and is now ${after}.`,
    ...differences.map(
      ({ table, keys, some }) =>
        `  ${table} differs in ${keys} ${keys === 1 ? "key" : "keys"}: ${some.join(", ")}`,
    ),
    inPlace
      ? `The new database is in place; the old one is kept as ${kept}.`
      : `Nothing is replaced: the new database is ${kept}. With --force it replaces the old one.`,
  ].join("\n");
}

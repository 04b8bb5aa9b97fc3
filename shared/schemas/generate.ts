// Writes the module that services are built with: the types of every event, its schemas and its settings.

import avro from "avsc";
import { DEFAULT_SETTINGS, type Settings } from "./event.ts";
import { type EventFolder, readFolder, versionGaps } from "./folder.ts";
import { type EventTypes, typesOf } from "./typescript.ts";

/** Where the generated module lives, from the project's root. */
export const GENERATED = "shared/contracts/events.generated.ts";

const HEAD = `\
// Generated from schemas/ by \`npm run schemas -- generate\`. Do not edit.
//
// Every event has a type as it is read, with all its fields. Where a field has a default there is also a type as it is
// written, New..., in which that field may be left out.
//
// An Avro long is a number here: a whole one from -2^52 to 2^53 - 2 (MIN_LONG and MAX_LONG in long.ts). JavaScript and
// avsc would change others on the way, so they are refused, when they are written and when they are read.

import type { Settings } from "../schemas/event.ts";
import type { AvroSchema } from "./avro.ts";
`;

/** Names in the generated module that no event may have. */
const TAKEN = ["AvroSchema", "Buffer", "Facts", "NewFacts", "Settings"];

interface Event extends EventTypes {
  /** Its folder's name: `order.created`. */
  readonly type: string;
  /** The JSON of every version, oldest first. */
  readonly versions: readonly unknown[];
  /** The JSON of its compatibility settings, if it has any of its own. */
  readonly settings: Settings | undefined;
}

/** The text of the generated module for the schemas in the folder at `path`. Throws when one can't be used. */
export function generate(path: string): string {
  const events = readFolder(path, ".").events.map(eventOf);
  expectDistinct(events);

  const ownSettings = events.filter(({ settings }) => settings !== undefined);
  return [
    HEAD,
    ...events.map(({ declarations }) => declarations),
    "/** The data of each event type as it is read: the newest version, with all fields. */",
    "export interface Facts {",
    ...events.map(({ type, reading }) => `  "${type}": ${reading};`),
    "}",
    "",
    "/** The data of each event type as it is written: fields with a default may be left out. */",
    "export interface NewFacts {",
    ...events.map(({ type, writing }) => `  "${type}": ${writing};`),
    "}",
    "",
    "/** Every version of each event type's schema, from version 1 on. */",
    "export const schemas: { readonly [Type in keyof Facts]: readonly AvroSchema[] } = {",
    ...events.map(({ type, versions }) => {
      const lines = versions.map((version) => `    ${JSON.stringify(version)},\n`);
      return `  "${type}": [\n${lines.join("")}  ],`;
    }),
    "};",
    "",
    "/** The compatibility settings of the event types that have some of their own. */",
    "export const settings: { readonly [Type in keyof Facts]?: Settings } = {",
    ...ownSettings.map((event) => `  "${event.type}": ${JSON.stringify(event.settings)},`),
    "};",
    "",
  ].join("\n");
}

function eventOf({ event: type, versions, settings, findings }: EventFolder): Event {
  const numbers = versions.map(({ version }) => version);
  const fault = [...findings, ...versionGaps(type, numbers, ".")][0];
  if (fault) throw new Error(`${fault.at.file}: ${fault.path}: ${fault.cause}`);
  for (const { name, json } of versions) expectUsable(name, json);
  return {
    type,
    versions: versions.map(({ json }) => json),
    settings:
      settings === DEFAULT_SETTINGS ? undefined : { mode: settings.mode, approved: settings.approved },
    ...typesOf(nameOf(type), versions.at(-1)!.schema!),
  };
}

/** Services read with avsc, which does not take all that Avro allows. */
function expectUsable(name: string, json: unknown): void {
  try {
    avro.Type.forSchema(json as avro.Schema);
  } catch (cause) {
    throw new Error(`${name}: avsc, which services read with, refuses it: ${(cause as Error).message}`, {
      cause,
    });
  }
}

/** What an event's type is called: `OrderCreated` for `order.created`. */
function nameOf(type: string): string {
  const words = type.split(/[^A-Za-z0-9]+/);
  const name = words.map((word) => word.slice(0, 1).toUpperCase() + word.slice(1)).join("");
  if (!/^[A-Z]/.test(name)) throw new Error(`${type} can't be an event: its name must begin with a letter`);
  return name;
}

function expectDistinct(events: readonly Event[]): void {
  const names = new Map(TAKEN.map((name) => [name, "the module that is generated"]));
  for (const { type, reading, writing } of events) {
    for (const name of new Set([reading, writing])) {
      const other = names.get(name);
      if (other)
        throw new Error(`${type} would have a type called ${name}, as ${other} has: rename the event`);
      names.set(name, type);
    }
  }
}

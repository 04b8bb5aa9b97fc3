// Why the schemas of a build don't go with those in the bucket SCHEMAS: the checker's findings, in lines for a person.

import { isDeepStrictEqual } from "node:util";
import type { SchemaEntry } from "../schemas/bucket-entry.ts";
import { checkEvent, type Settings } from "../schemas/event.ts";
import type { Finding } from "../schemas/finding.ts";
import { pointerOf } from "../schemas/pointer.ts";
import { show } from "../schemas/schema.ts";

/**
 * Every reason to refuse the versions `own` of one event (oldest first, the last one is written) next to those `kept`
 * in the bucket, in its order. A version answers to what was there before it: those that came later answered to it,
 * and must not keep an older build from starting again. `isPut` says that `own` were put there just now.
 */
export function refusals(
  event: string,
  own: readonly SchemaEntry[],
  kept: readonly SchemaEntry[],
  settings: Settings,
  isPut: boolean,
): string[] {
  const clashes = own.flatMap((entry) => identityClashes(entry, kept, isPut));
  return clashes.length > 0 ? clashes : evolutionFaults(event, own, kept, settings);
}

/** A fingerprint or a version number that means something else in the bucket. */
function identityClashes(own: SchemaEntry, kept: readonly SchemaEntry[], isPut: boolean): string[] {
  const name = nameOf(own);
  const twin = kept.find(({ fingerprint }) => fingerprint === own.fingerprint);
  if (isPut && !twin) {
    return [
      `${name}: under its fingerprint ${own.fingerprint}, the bucket has something that is no such schema. ` +
        "Delete the stream KV_SCHEMAS, provision NATS again, and start every service again.",
    ];
  }
  if (twin && twin.version !== own.version) {
    return [
      `${name} is v${twin.version} in the bucket, of the same fingerprint ${own.fingerprint}. ` +
        "A version that is released keeps its number: put it back.",
    ];
  }
  const difference = twin && firstDifference(own.json, twin.json);
  if (difference) {
    return [
      `${name} was changed after it was released, at ${difference.pointer || "its root"}: ` +
        `${show(difference.there)} in the bucket, ${show(difference.here)} in this build. ` +
        "Put it back, and make the change in a new version.",
    ];
  }
  return earlierThan(own, kept)
    .filter(({ version, fingerprint }) => version === own.version && fingerprint !== own.fingerprint)
    .map(
      ({ fingerprint }) =>
        `${name} in the bucket is another schema (fingerprint ${fingerprint}) than in this build ` +
        `(${own.fingerprint}). Put back the one that was released, and make the change in a new version.`,
    );
}

/** What the checker says of the newest version next to the others. Those that are there are beyond mending. */
function evolutionFaults(
  event: string,
  own: readonly SchemaEntry[],
  kept: readonly SchemaEntry[],
  settings: Settings,
): string[] {
  const newest = own.at(-1)!;
  const numbers = new Set(own.map(({ version }) => version));
  const others = earlierThan(newest, kept).filter(({ version }) => !numbers.has(version));
  const versions = [...own, ...others].map((entry) => ({ ...entry, file: nameOf(entry) }));
  return checkEvent(event, versions, settings)
    .filter(({ reader, writer }) => reader?.version === newest.version || writer?.version === newest.version)
    .map((finding) => `${nameOf(newest)}: ${inWords(finding)}`);
}

function earlierThan({ fingerprint }: SchemaEntry, kept: readonly SchemaEntry[]): readonly SchemaEntry[] {
  const index = kept.findIndex((each) => each.fingerprint === fingerprint);
  return index === -1 ? kept : kept.slice(0, index);
}

function nameOf({ event, version }: Pick<SchemaEntry, "event" | "version">): string {
  return `${event} v${version}`;
}

function inWords({ rule, path, cause, mend, reader, writer }: Finding): string {
  return `${rule} at ${path}, when v${reader?.version} reads v${writer?.version}: ${cause} ${mend}`;
}

/** Where two JSON values first differ, as a JSON pointer, and what each has there. */
function firstDifference(
  here: unknown,
  there: unknown,
  pointer = "",
): { pointer: string; here: unknown; there: unknown } | undefined {
  if (isDeepStrictEqual(here, there)) return undefined;
  if (!isContainer(here) || !isContainer(there)) return { pointer, here, there };
  for (const key of new Set([...Object.keys(here), ...Object.keys(there)])) {
    const found = firstDifference(here[key], there[key], pointer + pointerOf([key]));
    if (found) return found;
  }
  return { pointer, here, there };
}

function isContainer(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

// Reads a JSON file strictly, and says where and why one is none.

import { isUtf8 } from "node:buffer";
import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { parse } from "@humanwhocodes/momoa";
import { CannotRun } from "../cannot-run.ts";
import { JsonText, type Position, positionAt } from "./position.ts";

/** No schema and no settings are larger than this: 1 MiB. */
export const MAX_BYTES = 1024 * 1024;

/** A file, read. */
export interface JsonFile {
  /** None of a file that is too large. */
  readonly bytes: Buffer;
  readonly text: JsonText;
  /** Of no use when there is a fault. */
  readonly value: unknown;
  readonly fault?: JsonFault;
}

/** Why a file is not JSON. */
export interface JsonFault extends Position {
  readonly cause: string;
  readonly mend: string;
}

/** Reads a file of at most `MAX_BYTES`. Throws `CannotRun` when it can't be read at all; `shown` is what it is called then. */
export function readJson(path: string, shown: string): JsonFile {
  const bytes = read(path, shown);
  const text = new JsonText(bytes?.toString() ?? "");
  const bad = (cause: string, mend: string, offset = 0): JsonFile => ({
    bytes: bytes ?? Buffer.alloc(0),
    text,
    value: undefined,
    fault: { cause, mend, ...positionAt(text.text, offset) },
  });

  if (!bytes) return bad("The file is larger than 1 MiB.", "Make it smaller: nothing here needs as much.");
  if (!isUtf8(bytes)) return bad("The file is not UTF-8.", "Save it as UTF-8.");
  if (text.text.startsWith("\uFEFF")) {
    return bad("The file begins with a byte order mark.", "Save it as UTF-8 without one.");
  }
  if (text.text.trim() === "") return bad("The file is empty.", "Write JSON into it, or remove it.");
  try {
    return { bytes, text, value: JSON.parse(text.text) };
  } catch (error) {
    const offset = faultOffset(text.text, error as SyntaxError);
    const character = String.fromCodePoint(text.text.codePointAt(offset) ?? 0);
    return offset >= text.text.trimEnd().length
      ? bad("The JSON ends too early.", "Close every bracket and every quote.", offset)
      : bad(`The JSON can't go on with ${JSON.stringify(character)} here.`, SYNTAX, offset);
  }
}

const SYNTAX =
  "Correct it there: names and texts stand in double quotes, and there are no comments and no comma before a closing bracket.";

/** At most `MAX_BYTES`: undefined when there are more, of which a device may have any number. */
function read(path: string, shown: string): Buffer | undefined {
  let file: number | undefined;
  try {
    file = openSync(path, "r");
    const bytes = Buffer.allocUnsafe(Math.min(fstatSync(file).size || MAX_BYTES, MAX_BYTES) + 1);
    let length = 0;
    for (let more = 1; more > 0 && length < bytes.length; length += more) {
      more = readSync(file, bytes, length, bytes.length - length, null);
    }
    return length > MAX_BYTES ? undefined : bytes.subarray(0, length);
  } catch (error) {
    throw new CannotRun(`${shown} can't be read: ${(error as Error).message}.`);
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

/** Where the text stops being JSON: as JSON.parse says in words, or for the faults that it does not place, Momoa. */
function faultOffset(text: string, { message }: SyntaxError): number {
  const end = text.trimEnd().length;
  if (message.includes("end of JSON input")) return end;
  const position = /at position (\d+)/.exec(message)?.[1];
  if (position !== undefined) return Math.min(Number(position), end);
  try {
    parse(text);
  } catch (error) {
    return (error as { offset?: number }).offset ?? 0;
  }
  return 0;
}

// What is said of a message that is put aside, so that people can tell why, and which others fail for the same reason.

import { hash } from "node:crypto";

/** Why a message is put aside. Times are milliseconds since 1970. */
export interface Parked {
  readonly cause: Error;
  /** The same for causes that differ only in ids, numbers and quoted words. */
  readonly fingerprint: string;
  readonly attempts: number;
  /** When it was tried for the first time, and for the last. */
  readonly firstAt: number;
  readonly lastAt: number;
}

/** Eight letters that stand for what failed, with what kind of error, in which words, and where in the code. */
export function fingerprintOf(what: string, { name, message, stack }: Error): string {
  const words = message.replace(/"[^"]*"|'[^']*'/g, "…").replace(/[\w-]*\d[\w.-]*/g, "#");
  const place = /\n\s+at (?:async )?([\w.#<> ]+)/.exec(stack ?? "")?.[1] ?? "";
  return hash("sha1", [what, name, words, place].join("\n")).slice(0, 8);
}

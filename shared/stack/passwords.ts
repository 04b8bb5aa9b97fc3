// The passwords of the NATS users: made once, kept in the data folder, handed to each process that needs its own.

import { randomBytes } from "node:crypto";
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { parseEnv } from "node:util";

/** The environment variables with the passwords of `users`, e.g. `ORDERS_PASSWORD`. */
export type Passwords = Record<string, string>;

/**
 * Reads the passwords from `file`, in `.env` form; makes those that are missing. The file is readable by its owner
 * only. A password begins with a letter, since nats.conf would read 123e4 as a number.
 */
export function ensurePasswords(file: string, users: readonly string[]): Passwords {
  const known = readPasswords(file);
  const names = users.map((user) => `${user.toUpperCase()}_PASSWORD`);
  const missing = names.filter((name) => !known[name]);
  if (missing.length > 0) {
    for (const name of missing) known[name] = `pw${randomBytes(24).toString("hex")}`;
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(
      file,
      Object.entries(known)
        .map(([name, value]) => `${name}=${value}\n`)
        .join(""),
      { mode: 0o600 },
    );
    chmodSync(file, 0o600);
  }
  return Object.fromEntries(names.map((name) => [name, known[name]!]));
}

/** The passwords in `file`; none where there is no such file. */
export function readPasswords(file: string): Passwords {
  return existsSync(file) ? (parseEnv(readFileSync(file, "utf8")) as Passwords) : {};
}

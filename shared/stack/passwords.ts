// The passwords of the NATS users: made once, kept in the data folder, handed to each process that needs its own.

import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { parseEnv } from "node:util";
import { type Config, ConfigError } from "../config.ts";

/** The environment variables with the passwords of `users`, e.g. `ORDERS_PASSWORD`. */
export type Passwords = Record<string, string>;

/**
 * Reads the passwords from `file`, in `.env` form; makes those that are missing. What else is there stays as it is: the file
 * is replaced at once by a longer one, readable by its owner only. A password begins with a letter, since nats.conf would
 * read 123e4 as a number.
 */
export function ensurePasswords(file: string, users: readonly string[]): Passwords {
  const before = existsSync(file) ? readFileSync(file, "utf8") : "";
  const known = parseEnv(before);
  const names = users.map((user) => `${user.toUpperCase()}_PASSWORD`);
  const missing = names.filter((name) => !known[name]);
  if (missing.length > 0) {
    for (const name of missing) known[name] = `pw${randomBytes(24).toString("hex")}`;
    const added = missing.map((name) => `${name}=${known[name]}\n`).join("");
    const kept = before && !before.endsWith("\n") ? `${before}\n` : before;
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(`${file}.new`, kept + added, { mode: 0o600 });
    renameSync(`${file}.new`, file);
  }
  return Object.fromEntries(names.map((name) => [name, known[name]!]));
}

/** The password of this name, from the environment or the data folder. Throws `ConfigError` when it is in neither. */
export function passwordOf(config: Config, name: keyof Config & `${string}_PASSWORD`): string {
  const kept = join(config.DATA_DIR, "passwords.env");
  const password = config[name] ?? readPasswords(kept)[name];
  if (password) return password;
  throw new ConfigError(`${name} is neither in the environment nor in ${kept}, where npm start keeps it`);
}

/** The passwords in `file`; none where there is no such file. */
export function readPasswords(file: string): Passwords {
  return existsSync(file) ? (parseEnv(readFileSync(file, "utf8")) as Passwords) : {};
}

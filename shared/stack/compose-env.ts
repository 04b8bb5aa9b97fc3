// `npm run passwords`: writes the passwords that docker-compose.yml asks for to .env, where Compose looks for them.

import { chmodSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { allServices } from "../../apps/services.ts";
import { loadConfig } from "../config.ts";
import { users } from "../nats/topology.ts";
import { flag, understood } from "./arguments.ts";
import { ensurePasswords, readPasswords } from "./passwords.ts";
import { projectRoot } from "./project.ts";

/**
 * Adds the passwords that `file` lacks, makes it readable by its owner only, and returns the names of those added.
 * What a person wrote there, comments and quotes included, stays as it is.
 */
export function writeComposeEnv(file: string): string[] {
  const known = readPasswords(file);
  const passwords = ensurePasswords(file, users(allServices(loadConfig({}))));
  chmodSync(file, 0o600);
  return Object.keys(passwords).filter((name) => !known[name]);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  understood((args) => flag("passwords", args, []));
  const added = writeComposeEnv(join(projectRoot, ".env"));
  console.log(
    added.length > 0 ? `Added to .env: ${added.join(", ")}.` : "Every password is in .env already.",
  );
}

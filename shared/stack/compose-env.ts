// `npm run passwords`: writes the passwords that docker-compose.yml asks for to .env, where Compose looks for them.

import { chmodSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseEnv } from "node:util";
import { allServices } from "../../apps/services.ts";
import { loadConfig } from "../config.ts";
import { users } from "../nats/topology.ts";
import { ensurePasswords } from "./passwords.ts";
import { projectRoot } from "./project.ts";

/**
 * Adds the passwords that `file` lacks, makes it readable by its owner only, and returns the names of those added.
 * What a person wrote there, comments and quotes included, stays as it is.
 */
export function writeComposeEnv(file: string): string[] {
  const before = existsSync(file) ? readFileSync(file, "utf8") : "";
  const known = parseEnv(before);
  const passwords = ensurePasswords(file, users(allServices(loadConfig({}))));
  const added = Object.entries(passwords).filter(([name]) => !known[name]);
  const lines = added.map(([name, value]) => `${name}=${value}\n`);
  const kept = before && !before.endsWith("\n") ? `${before}\n` : before;
  writeFileSync(file, kept + lines.join(""));
  chmodSync(file, 0o600);
  return added.map(([name]) => name);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const added = writeComposeEnv(join(projectRoot, ".env"));
  console.log(
    added.length > 0 ? `Added to .env: ${added.join(", ")}.` : "Every password is in .env already.",
  );
}

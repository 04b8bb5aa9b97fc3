// Another build of the project, as a colleague's branch would be: its own schemas, types and compiled code.

import { execFile } from "node:child_process";
import { cpSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { GENERATED, generate } from "../../shared/schemas/generate.ts";
import { projectRoot } from "../../shared/stack/project.ts";

const run = promisify(execFile);

/** A compiled copy of the project. */
export interface Build {
  readonly root: string;
  readonly schemas: string;
  /** The compiled main module of a service. */
  main(service: string): string;
  remove(): void;
}

/** Copies the project, lets `change` edit its folder of schemas, generates the types anew and compiles. */
export async function buildWith(change: (schemas: string) => void): Promise<Build> {
  const root = mkdtempSync(join(tmpdir(), "quadrille-build-"));
  const parts = ["apps", "shared", "schemas", "dist", "package.json", "tsconfig.json", "nats.conf"];
  for (const part of parts) {
    cpSync(join(projectRoot, part), join(root, part), { recursive: true, preserveTimestamps: true });
  }
  symlinkSync(join(projectRoot, "node_modules"), join(root, "node_modules"));
  const schemas = join(root, "schemas");
  change(schemas);
  writeFileSync(join(root, GENERATED), generate(schemas));

  // The code may know of fields that the schemas lack: such faults of types do not keep it from running.
  await run(join(root, "node_modules/.bin/tsc"), ["-p", root], { cwd: root }).catch(() => {});
  return {
    root,
    schemas,
    main: (service) => join(root, "dist", "apps", service, "main.js"),
    remove: () => rmSync(root, { recursive: true, force: true }),
  };
}

// What commands say of themselves to who asks with --help, and that they do nothing else then.

import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { projectRoot } from "../../shared/stack/project.ts";

const { scripts } = JSON.parse(readFileSync(join(projectRoot, "package.json"), "utf8"));
const commands = Object.entries<string>(scripts).filter(([, script]) => script.includes("bootstrap.mjs"));
/** They have commands of their own, and are compiled before they tell of them: see their own tests. */
const FAMILIES = ["flow", "parked", "schemas"];

it.each(commands.filter(([name]) => !FAMILIES.includes(name)))(
  "npm run %s tells how it is called",
  async (name, script) => {
    const [program, ...args] = script.split(" ");
    const nothing = { PATH: "" }; // Neither npm nor a compiler is to be found.
    const { stdout, stderr } = await promisify(execFile)(process.execPath, [...args, "--help"], {
      cwd: projectRoot,
      env: nothing,
    });

    expect(program).toBe("node");
    expect(stderr).toBe("");
    expect(stdout).toMatch(new RegExp(`^npm (run (-s )?)?${name}\\b.*\n\n  [a-z]`));
  },
);

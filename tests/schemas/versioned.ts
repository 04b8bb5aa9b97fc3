// A versioned folder for one test, in a git repository if the test asks for one, and the command run over it.

import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { onTestFinished } from "vitest";
import { main } from "../../shared/schemas/command.ts";
import type { Finding } from "../../shared/schemas/finding.ts";

/** A record with these fields: `{ orderId: "string" }`; a field with a default is `{ type, default }`. */
export function record(fields: Record<string, unknown>, name = "OrderCreated"): object {
  return {
    type: "record",
    name,
    fields: Object.entries(fields).map(([field, type]) => {
      const own = typeof type === "object" && type !== null && "default" in type ? type : { type };
      return { name: field, ...own };
    }),
  };
}

/** What `check --format json` prints. */
export interface JsonReport {
  readonly findings: readonly Finding[];
  readonly unreleased: readonly { event: string; version: number; file: string }[];
  readonly events: number;
  readonly versions: number;
  readonly modes: Readonly<Record<string, string>>;
}

/** A temporary folder that holds `schemas`, removed after the test. */
export class Versioned {
  readonly root = mkdtempSync(join(tmpdir(), "schemas-"));

  /** Files by their name within `schemas`: texts as they are, anything else as JSON. */
  constructor(files: Readonly<Record<string, unknown>>) {
    onTestFinished(() => rmSync(this.root, { recursive: true, force: true }));
    mkdirSync(join(this.root, "schemas"));
    for (const [name, content] of Object.entries(files)) this.write(name, content);
  }

  write(name: string, content: unknown): void {
    mkdirSync(dirname(this.#path(name)), { recursive: true });
    const text = typeof content === "string" || Buffer.isBuffer(content);
    writeFileSync(this.#path(name), text ? content : JSON.stringify(content, null, 2));
  }

  read(name: string): string {
    return readFileSync(this.#path(name), "utf8");
  }

  remove(name: string): void {
    rmSync(this.#path(name), { recursive: true });
  }

  rename(from: string, to: string): void {
    renameSync(this.#path(from), this.#path(to));
  }

  /** Runs the command here, on this folder. */
  run(command: string, ...args: string[]): { code: number; out: string; err: string } {
    return run(this.root, command, "--folder", "schemas", ...args);
  }

  /** The findings of `check`, all else it says, and its exit code. */
  check(...args: string[]): JsonReport & { code: number; rules: string[] } {
    const { code, out, err } = this.run("check", "--format", "json", ...args);
    if (out === "") throw new Error(err);
    const report: JsonReport = JSON.parse(out);
    return { ...report, code, rules: report.findings.map(({ rule }) => rule) };
  }

  /** Makes a commit of all that is here, in a repository that is made for the first one. */
  commit(): void {
    this.git("init", "--quiet");
    this.git("add", "--all");
    this.git("commit", "--quiet", "--allow-empty", "--message", "A change");
  }

  git(...args: string[]): void {
    const who = { NAME: "A tester", EMAIL: "tester@example.com" };
    const people = Object.entries(who).flatMap(([key, value]) => [
      [`GIT_AUTHOR_${key}`, value],
      [`GIT_COMMITTER_${key}`, value],
    ]);
    const env = { ...process.env, ...Object.fromEntries(people) };
    const { status, stderr } = spawnSync("git", ["-C", this.root, ...args], { env, encoding: "utf8" });
    if (status !== 0) throw new Error(stderr);
  }

  #path(name: string): string {
    return join(this.root, "schemas", name);
  }
}

/** Runs the command in `cwd`. */
export function run(cwd: string, ...args: string[]): { code: number; out: string; err: string } {
  const said = { out: "", err: "" };
  const code = main(args, {
    cwd,
    out: (text) => {
      said.out += `${text}\n`;
    },
    err: (text) => {
      said.err += `${text}\n`;
    },
  });
  return { code, ...said };
}

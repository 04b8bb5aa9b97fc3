// The Dockerfile, compared with what it packs.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { projectRoot } from "../../shared/stack/project.ts";
import { SMALL_PROCESS } from "../../shared/stack/stack.ts";

const read = (file: string) => readFileSync(join(projectRoot, file), "utf8");

describe("Dockerfile", () => {
  const dockerfile = read("Dockerfile");

  it("is on exact versions of a Node that package.json allows, the same in both stages", () => {
    const images = [...dockerfile.matchAll(/^FROM (\S+)/gm)].map(([, image]) => image!);
    const [major, minor] = images[0]!
      .match(/^node:(\d+)\.(\d+)\.\d+-bookworm$/)!
      .slice(1)
      .map(Number);
    const [, oldestMajor, oldestMinor] = JSON.parse(read("package.json"))
      .engines.node.match(/^>=(\d+)\.(\d+)$/)
      .map(Number);

    expect(images).toEqual([images[0], `${images[0]}-slim`]);
    expect(major! > oldestMajor || (major === oldestMajor && minor! >= oldestMinor)).toBe(true);
  });

  it("runs as node, which owns /data", () => {
    for (const [name, value] of Object.entries(SMALL_PROCESS)) {
      expect(dockerfile).toMatch(new RegExp(`\\b${name}="?${value}"?$`, "m"));
    }
    expect(dockerfile).toMatch(/install -d -o node -g node -m 0700 \/data/);
    expect(dockerfile.trimEnd().split("\n").at(-1)).toBe("USER node");
  });

  it("is given all that it copies, and nothing else", () => {
    const copied = [...dockerfile.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, sources]) =>
      sources!.split(" "),
    );
    const given = read(".dockerignore")
      .split("\n")
      .filter((line) => line && !line.startsWith("#"));

    expect(given.sort()).toEqual(["*", ...new Set(copied.map((source) => `!${source}`))].sort());
  });
});

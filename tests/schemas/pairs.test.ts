// The table of reader and writer pairs that is known for every rule of schema resolution.

import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { verdict } from "./verdict.ts";

interface Pair {
  readonly name: string;
  readonly reader: unknown;
  readonly writer: unknown;
  /** By the specification. UNSPECIFIED where it is silent. */
  readonly verdict: "COMPATIBLE" | "INCOMPATIBLE" | "INVALID" | "UNSPECIFIED";
}

const pairs: readonly Pair[] = JSON.parse(readFileSync(new URL("pairs.json", import.meta.url), "utf8"));

describe("a reader and a writer", () => {
  it("are a table of some hundred", () => {
    expect(pairs.length).toBeGreaterThanOrEqual(100);
  });

  it.each(pairs)("$name: $verdict", (pair) => {
    const found = verdict(pair.reader, pair.writer);

    if (pair.verdict === "UNSPECIFIED") expect(["COMPATIBLE", "INCOMPATIBLE", "INVALID"]).toContain(found);
    else expect(found).toBe(pair.verdict);
  });
});

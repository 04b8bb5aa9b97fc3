// A file that is written from the tables says whether it was up to date.

import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { expect, it } from "vitest";
import { projectRoot } from "../../shared/stack/project.ts";
import { renew } from "../../shared/stack/renew.ts";

it("is written where it is missing or differs, and left alone where not", () => {
  const folder = mkdtempSync(join(tmpdir(), "renew-"));
  const path = relative(projectRoot, join(folder, "docs", "tea.md"));

  const said = ["Assam", "Assam", "Ceylon"].map((text) => renew(path, text));

  expect(said).toEqual([`${path} is written.`, `${path} is up to date.`, `${path} is written.`]);
  expect(readFileSync(join(folder, "docs", "tea.md"), "utf8")).toBe("Ceylon");
  rmSync(folder, { recursive: true });
});

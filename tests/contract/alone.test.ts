// One process of a service at a time: another one on the same folder is told so, and does not begin.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { takeAlone } from "../../shared/service/alone.ts";
import { StartRefusedError } from "../../shared/service/start-refused.ts";

let data: string;
let folder: string;

beforeEach(() => {
  data = mkdtempSync(join(tmpdir(), "quadrille-alone-"));
  folder = join(data, "payments");
});

afterEach(() => rmSync(data, { recursive: true, force: true }));

it("has the folder to itself, which need not be there yet, until it lets go", () => {
  const first = takeAlone("payments", folder);
  const second = () => takeAlone("payments", folder, 0);

  expect(second).toThrow(StartRefusedError);
  expect(second).toThrow(`another process of payments runs on ${folder}`);
  first.letGo();
  second().letGo();
});

it("does not keep another service from its own folder", () => {
  const first = takeAlone("payments", folder);
  takeAlone("shipping", join(data, "shipping"), 0).letGo();
  first.letGo();
});

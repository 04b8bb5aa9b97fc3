// Where strace comes from, and that it makes the disk of a process slow.

import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { FSYNC_MS, SlowDisk } from "../../shared/chaos/slow-disk.ts";
import { findStrace } from "../../shared/stack/strace.ts";

const place = mkdtempSync(join(tmpdir(), "quadrille-strace-"));
afterAll(() => rmSync(place, { recursive: true }));

const slow = await SlowDisk.here(() => {});

it("is missed with a sentence that says what to do, where there is none and none can be fetched", async () => {
  const places = { env: { PATH: "/nowhere" }, cacheDir: join(place, "cache"), log: () => {} };

  await expect(findStrace(places)).rejects.toThrow(
    "No strace found, and none could be fetched: there is no apt-get on this machine. Install strace",
  );
});

it.skipIf(!slow)("holds up every fsync while it is attached, and none afterwards", async () => {
  const script = `const fd = fs.openSync(${JSON.stringify(join(place, "file"))}, "w");
    process.stdin.on("data", () => {
      const begun = Date.now();
      fs.fsyncSync(fd);
      console.log(Date.now() - begun);
    });`;
  const writer = spawn(process.execPath, ["-e", script]);
  const fsync = () =>
    new Promise<number>((resolve) => {
      writer.stdout.once("data", (text) => resolve(Number(text)));
      writer.stdin.write("x");
    });
  await fsync();

  expect(await slow!.during(writer.pid!, fsync)).toBeGreaterThanOrEqual(FSYNC_MS - 1);
  // A disk that is busy may be slow of its own accord.
  let fastest = FSYNC_MS;
  for (let n = 0; n < 20 && fastest >= FSYNC_MS; n++) fastest = await fsync();
  expect(fastest).toBeLessThan(FSYNC_MS);
  writer.kill();
});

// Lets a service's clock be set while it runs: it goes wrong by as many milliseconds as a file says.
// Preloaded into the processes of a chaos run with `NODE_OPTIONS=--import`; no production code knows of it.

import { readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";

const LOOK_EVERY_MS = 100;

const Real = globalThis.Date;
const folder = process.env.CHAOS_CLOCKS;
const file = folder && join(folder, basename(dirname(process.argv[1] ?? "")));
let ahead = 0;

const now = () => Real.now() + ahead;
globalThis.Date = new Proxy(Real, {
  construct: (_, args, self) => Reflect.construct(Real, args.length === 0 ? [now()] : args, self),
  get: (_, name) => (name === "now" ? now : Reflect.get(Real, name)),
});

if (file) {
  look();
  setInterval(look, LOOK_EVERY_MS).unref();
}

function look() {
  try {
    ahead = Number(readFileSync(file, "utf8"));
  } catch {
    // It was never set.
  }
}

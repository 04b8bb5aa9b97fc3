// Finds Prometheus, and its promtool, which tests the alert rules; fetches either into the project's cache when the machine has
// none.

import { join } from "node:path";
import { type DebianProgram, findDebianProgram, type Places } from "./debian-program.ts";

/**
 * The absolute path of a promtool that runs here. Looks at `PROMTOOL_BIN`, the `PATH` and the cache; then fetches the
 * package of Debian and its kin.
 *
 * @throws Error when `PROMTOOL_BIN` is set but no good, or when nothing worked: it says why, and what to do.
 */
export function findPromtool(places: Places = {}): Promise<string> {
  return findDebianProgram(ofPrometheus("promtool"), places);
}

/** The absolute path of a Prometheus that runs here, found as promtool is; `PROMETHEUS_BIN` names another. */
export function findPrometheus(places: Places = {}): Promise<string> {
  return findDebianProgram(ofPrometheus("prometheus"), places);
}

function ofPrometheus(name: "promtool" | "prometheus"): DebianProgram {
  const variable = `${name.toUpperCase()}_BIN`;
  return {
    name,
    variable,
    version: "--version",
    packages: ["prometheus"],
    cached: name,
    fetched: (folder) => join(folder, "usr/bin", name),
    whatToDo: `Install Prometheus and set ${variable} to the path of its ${name}.`,
  };
}

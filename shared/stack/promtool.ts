// Finds promtool, which tests the alert rules, and fetches it into the project's cache when the machine has none.

import { join } from "node:path";
import { type DebianProgram, findDebianProgram, type Places } from "./debian-program.ts";

const PROMTOOL: DebianProgram = {
  name: "promtool",
  variable: "PROMTOOL_BIN",
  version: "--version",
  packages: ["prometheus"],
  cached: "promtool",
  fetched: (folder) => join(folder, "usr/bin/promtool"),
  whatToDo: "Install Prometheus and set PROMTOOL_BIN to the path of its promtool.",
};

/**
 * The absolute path of a promtool that runs here. Looks at `PROMTOOL_BIN`, the `PATH` and the cache; then fetches the
 * package of Debian and its kin.
 *
 * @throws Error when `PROMTOOL_BIN` is set but no good, or when nothing worked: it says why, and what to do.
 */
export function findPromtool(places: Places = {}): Promise<string> {
  return findDebianProgram(PROMTOOL, places);
}

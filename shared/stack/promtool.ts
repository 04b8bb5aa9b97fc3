// Prometheus, and its promtool, which tests the alert rules; and how either is fetched when the machine has none.

import { join } from "node:path";
import { fetchDebianPackages } from "./debian.ts";
import { findProgram, type Places, type Program } from "./find-program.ts";

/** The absolute path of a promtool that runs here; see `findProgram`. */
export function findPromtool(places: Places = {}): Promise<string> {
  return findProgram(ofPrometheus("promtool"), places);
}

/** The absolute path of a Prometheus that runs here; see `findProgram`. */
export function findPrometheus(places: Places = {}): Promise<string> {
  return findProgram(ofPrometheus("prometheus"), places);
}

function ofPrometheus(name: "promtool" | "prometheus"): Program {
  const variable = `${name.toUpperCase()}_BIN`;
  return {
    name,
    variable,
    commands: [name],
    version: "--version",
    objection: (answer) => (answer.startsWith(name) ? undefined : `is no ${name}`),
    sources: [
      {
        name: "the distribution's package",
        async fetchInto(folder, env) {
          await fetchDebianPackages(["prometheus"], "own", folder, env);
          return join(folder, "usr/bin", name);
        },
      },
    ],
    whatToDo: `Install Prometheus and set ${variable} to the path of its ${name}.`,
  };
}

// `npm run -s flow -- map`: prints the flow as a Mermaid picture; with --write, into the README as well.

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { allServices } from "../../apps/services.ts";
import { loadConfig } from "../config.ts";
import { flowMap } from "../flow/map.ts";
import { projectRoot } from "./project.ts";

const [command, option] = process.argv.slice(2);
if (command === "map") {
  const map = flowMap(allServices(loadConfig({})));
  const readme = join(projectRoot, "README.md");
  if (option === "--write") writeFileSync(readme, withMap(readFileSync(readme, "utf8"), map));
  else console.log(map);
} else {
  console.error("Which command? Known is: map [--write].");
  process.exitCode = 2;
}

/** The text with its Mermaid picture replaced. */
function withMap(text: string, map: string): string {
  return text.replace(/```mermaid\n[^`]*```/, `\`\`\`mermaid\n${map}\n\`\`\``);
}

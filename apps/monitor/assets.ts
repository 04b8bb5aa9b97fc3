// The page's files as the build has made them: read once, so that a new build does not pull them from under a running monitor.

import { readdirSync, readFileSync, statSync } from "node:fs";
import { extname, join } from "node:path";

/** The page's files by their paths, and the two that the page begins with. */
export interface Assets {
  readonly files: ReadonlyMap<string, Asset>;
  readonly script: string;
  readonly style: string;
}

/** One file. */
export interface Asset {
  readonly body: Uint8Array<ArrayBuffer>;
  readonly type: string;
  /** Its name has a hash of what is in it: whoever has it need not ask again. */
  readonly isForEver: boolean;
}

const TYPES: Record<string, string> = {
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
};

/** Reads what is in a folder; undefined when the page was not built. */
export function readAssets(folder: string): Assets | undefined {
  const manifest = manifestIn(folder);
  const main = manifest && Object.values(manifest).find(({ isEntry }) => isEntry);
  if (!main) return undefined;
  const files = new Map<string, Asset>();
  for (const path of readdirSync(folder, { recursive: true, encoding: "utf8" })) {
    const type = TYPES[extname(path)];
    if (!type || !statSync(join(folder, path)).isFile()) continue;
    const body = new Uint8Array(readFileSync(join(folder, path)));
    const url = `/${path.replaceAll("\\", "/")}`;
    files.set(url, { body, type, isForEver: url.startsWith("/assets/") });
  }
  return { files, script: `/${main.file}`, style: `/${main.css?.[0]}` };
}

type Manifest = Record<string, { file: string; css?: string[]; isEntry?: boolean }>;

function manifestIn(folder: string): Manifest | undefined {
  try {
    return JSON.parse(readFileSync(join(folder, ".vite", "manifest.json"), "utf8")) as Manifest;
  } catch {
    return undefined;
  }
}

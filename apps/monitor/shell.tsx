// The page before its script runs: what it is called, where its files are, and what to do without scripts.

import type { Assets } from "./assets.ts";

/** What the script learns from the page: how often there is news, and whether its buttons would do anything. */
export interface Settings {
  readonly pollMs: number;
  readonly canAct: boolean;
}

/** The page, the same for every address in it. */
export function Shell({ assets, settings }: { assets: Assets; settings: Settings }) {
  const { pollMs, canAct } = settings;
  return (
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>Quadrille</title>
        <link rel="icon" href="/icon.svg" type="image/svg+xml" />
        <link rel="stylesheet" href={assets.style} />
        <script type="module" src={assets.script} />
      </head>
      <body>
        <div id="page" data-poll-ms={`${pollMs}`} data-can-act={`${canAct}`}>
          <noscript>
            <p>
              This page needs JavaScript. Without it, a terminal shows the same: <code>npm run -s lag</code>,{" "}
              <code>npm run -s order -- ID</code>, <code>npm run -s why -- ID</code> and{" "}
              <code>npm run -s parked -- list</code>; and <a href="/docs">the API</a> tells it to programs.
            </p>
          </noscript>
        </div>
      </body>
    </html>
  );
}

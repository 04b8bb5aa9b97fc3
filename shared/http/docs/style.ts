// The look of the reference page: one stylesheet inside the page, allowed by its hash.

import { createHash } from "node:crypto";

export const stylesheet = `
:root {
  color-scheme: light dark;
  --ink: #1b1f24; --quiet: #59636e; --line: #dde1e6; --paper: #fff; --tint: #f5f6f8; --link: #0a58ca;
  --read: #0b5cad; --make: #1a6b3c; --edit: #8a5300; --drop: #b3261e;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ink: #e4e7eb; --quiet: #9aa4b0; --line: #30363d; --paper: #14171b; --tint: #1c2026; --link: #7ab7ff;
    --read: #7ab7ff; --make: #6fd192; --edit: #e9b45c; --drop: #ff8f87;
  }
}
* { box-sizing: border-box; }
html { scroll-behavior: smooth; scroll-padding-top: 1.5rem; }
@media (prefers-reduced-motion: reduce) { html { scroll-behavior: auto; } }
body {
  margin: 0 auto; padding: 2.5rem 1.25rem 5rem; max-width: 46rem;
  font: 1rem/1.55 system-ui, sans-serif; color: var(--ink); background: var(--paper); overflow-wrap: anywhere;
}
h1, h2, h3, h4 { line-height: 1.25; margin: 0; text-wrap: balance; }
h1 { font-size: 2rem; letter-spacing: -0.02em; }
h1::first-letter { text-transform: uppercase; }
h2 { font-size: 1.4rem; letter-spacing: -0.01em; }
h3 { font-size: 1rem; margin-top: 2rem; }
h4 { font-size: 0.9375rem; }
h4 span { font-weight: 400; color: var(--quiet); }
p { margin: 0.5rem 0; }
a { color: var(--link); text-underline-offset: 0.15em; }
:focus-visible { outline: 2px solid var(--link); outline-offset: 3px; border-radius: 2px; }
code { font: 0.875em/1.5 ui-monospace, Menlo, Consolas, monospace; }
.quiet, small { color: var(--quiet); font-size: 0.875rem; }
nav { margin-top: 2rem; }
nav ul { list-style: none; margin: 0; padding: 0; }
nav a { display: flex; gap: 0.75rem; align-items: baseline; padding: 0.3rem 0; color: inherit; text-decoration: none; }
nav a:hover code, nav a:hover { text-decoration: underline; }
.signature { display: flex; gap: 0.75rem; align-items: baseline; }
.signature .method { min-width: 0; }
.method { flex: none; min-width: 4.5em; font-size: 0.75rem; font-weight: 700; letter-spacing: 0.04em; }
.get, .head, .s1, .s3 { color: var(--read); }
.post, .s2 { color: var(--make); }
.put, .patch, .s4 { color: var(--edit); }
.delete, .s5 { color: var(--drop); }
section { margin-top: 2.5rem; padding-top: 2.5rem; border-top: 1px solid var(--line); }
table { width: 100%; margin: 0.75rem 0; border-collapse: collapse; }
thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
tbody th, td { padding: 0.6rem 0; border-top: 1px solid var(--line); text-align: left; vertical-align: top; }
tbody th { width: 44%; padding-right: 1rem; font-weight: 400; }
td p { margin: 0; }
small { display: block; }
pre {
  margin: 0.75rem 0; padding: 0.9rem 1rem; overflow-x: auto; overflow-wrap: normal;
  background: var(--tint); border: 1px solid var(--line); border-radius: 6px;
}
.response { display: grid; grid-template-columns: 9rem minmax(0, 1fr); gap: 0 1.25rem; margin-top: 1rem; }
.response > div > p:first-child { margin-top: 0; }
.response h4 { line-height: 1.55; }
@media (max-width: 36rem) {
  .response { display: block; margin-top: 1.5rem; }
}
@media (min-width: 72rem) {
  body { max-width: 68rem; display: grid; grid-template-columns: 17rem minmax(0, 1fr); gap: 0 4rem; }
  header { grid-column: 2; }
  nav { grid-area: 1 / 1 / 3; position: sticky; top: 2.5rem; align-self: start; margin: 0.5rem 0 0; max-height: calc(100vh - 5rem); overflow-y: auto; }
  main { grid-column: 2; }
}
`;

/** What a `style-src` must list for {@link stylesheet} to apply. */
export const stylesheetHash = `'sha256-${createHash("sha256").update(stylesheet).digest("base64")}'`;

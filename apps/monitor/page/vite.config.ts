// Bundles the page's script and style into dist/page, from where the monitor serves them.

import { defineConfig } from "vite";

export default defineConfig({
  root: import.meta.dirname,
  publicDir: "public",
  oxc: { jsx: { runtime: "automatic", importSource: "hono/jsx/dom" } },
  build: {
    outDir: "../../../dist/page",
    emptyOutDir: true,
    manifest: true,
    modulePreload: false,
    rolldownOptions: { input: "main.tsx" },
  },
});

// Where the keyboard is: what somebody has acted on may vanish with its row, and they should not start over at the top.

import { latest } from "./live.ts";

let last: Element | undefined;

document.addEventListener("focusin", ({ target }) => {
  last = target as Element;
});

// Once a row is gone, whoever was in it goes on in the content.
latest.listen(() => {
  if (last && !last.isConnected && document.activeElement === document.body) toContent();
});

/** Does something, and then gives the focus back to where it was, since a button that is switched off loses it. */
export async function keepingFocus(act: () => Promise<void>): Promise<void> {
  const before = document.activeElement;
  await act();
  setTimeout(() => {
    if (document.activeElement !== document.body) return;
    if (before instanceof HTMLElement && before.isConnected) before.focus({ preventScroll: true });
    else toContent();
  }, SETTLED_MS);
}

/** What was done is drawn by then. */
const SETTLED_MS = 50;

function toContent(): void {
  document.getElementById("main")?.focus({ preventScroll: true });
}

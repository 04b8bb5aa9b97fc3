// Tells those who do not see the page what has changed: how services stand, and whether the page is up to date.

import { useState } from "hono/jsx/dom";
import { useEffect } from "./effect.ts";
import { latest } from "./live.ts";

/** A line for screen readers, filled when a service's status changes. */
export function Announcer() {
  const [text, setText] = useState("");
  useEffect(() => {
    let before = statuses();
    return latest.listen(() => {
      const now = statuses();
      const changed = [...now].filter(([name, status]) => before.has(name) && before.get(name) !== status);
      before = now;
      if (changed.length > 0) setText(changed.map(([name, status]) => `${name}: ${status}`).join(", "));
    });
  }, []);
  return (
    <div class="hidden" aria-live="polite">
      {text}
    </div>
  );
}

function statuses(): Map<string, string> {
  return new Map((latest.value?.consumers ?? []).map(({ name, status }) => [name, status]));
}

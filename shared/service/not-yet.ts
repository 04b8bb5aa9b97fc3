// Whether a service may say something new: not as long as that might be for nobody to read, or be said for the second time.

import { Problem } from "../http/problem.ts";
import { isTrusted } from "./memory.ts";
import type { Tied } from "./ties.ts";

/** What a command is answered as long as nothing may be said; undefined from then on. */
export function notYet({
  agreement,
  db,
  link,
}: Pick<Tied, "agreement" | "db" | "link">): Problem | undefined {
  const { reason = "it is being asked" } = link.state;
  const until = (type: string, what: string) => {
    const detail = `Nothing is taken until NATS ${what}: ${reason}.`;
    return new Problem({ status: 503, type, detail, headers: { "retry-after": "1" } });
  };
  if (!agreement.isReached)
    return until("schemas-not-agreed", "agrees to the schemas that this service writes");
  if (!isTrusted(db)) return until("past-not-known", "has told what it knows of this service's past");
  return undefined;
}

// Many pages may ask at the same moment, when the monitor has looked: what several of them want is looked for once, and not
// everything at once.

import pLimit from "p-limit";
import { Problem } from "../../shared/http/problem.ts";

/** How much is looked for at once: a look at an order is some twenty requests. */
const AT_ONCE = 16;
const MOST_WAITING = 200;

/** Shares one kind of answer among all who ask for it meanwhile. */
export class Sharing<Answer> {
  readonly #asked = new Map<string, Promise<Answer>>();
  readonly #limit = pLimit(AT_ONCE);

  /** What `look` finds, or what another one is already looking for under the same name. Rejects with 503 when too many wait. */
  async ask(name: string, look: () => Promise<Answer>): Promise<Answer> {
    const asked = this.#asked.get(name) ?? this.#inTurn(look).finally(() => this.#asked.delete(name));
    this.#asked.set(name, asked);
    return asked;
  }

  async #inTurn(look: () => Promise<Answer>): Promise<Answer> {
    const { activeCount, pendingCount } = this.#limit;
    if (activeCount + pendingCount >= AT_ONCE + MOST_WAITING) throw tooMany();
    return this.#limit(look);
  }
}

function tooMany(): Problem {
  const detail = "Too many orders are being looked at: try again in a moment.";
  return new Problem({ status: 503, type: "busy", detail, headers: { "retry-after": "2" } });
}

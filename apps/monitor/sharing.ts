// Many pages may ask at the same moment, when the monitor has looked: what several of them want is looked for once, and not
// everything at once.

import { Problem } from "../../shared/http/problem.ts";

/** How much is looked for at once: a look at an order is some twenty requests. */
const AT_ONCE = 16;
const MOST_WAITING = 200;

/** Shares one kind of answer among all who ask for it meanwhile. */
export class Sharing<Answer> {
  readonly #asked = new Map<string, Promise<Answer>>();
  readonly #waiting: (() => void)[] = [];
  #looking = 0;

  /** What `look` finds, or what another one is already looking for under the same name. Rejects with 503 when too many wait. */
  async ask(name: string, look: () => Promise<Answer>): Promise<Answer> {
    const asked = this.#asked.get(name) ?? this.#inTurn(look).finally(() => this.#asked.delete(name));
    this.#asked.set(name, asked);
    return asked;
  }

  async #inTurn(look: () => Promise<Answer>): Promise<Answer> {
    if (this.#looking < AT_ONCE) this.#looking++;
    else if (this.#waiting.length < MOST_WAITING) await new Promise<void>((go) => this.#waiting.push(go));
    else throw tooMany();
    try {
      return await look();
    } finally {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#looking--;
    }
  }
}

function tooMany(): Problem {
  const detail = "Too many orders are being looked at: try again in a moment.";
  return new Problem({ status: 503, type: "busy", detail, headers: { "retry-after": "2" } });
}

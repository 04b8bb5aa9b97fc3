// Customers who order meanwhile, and wait until their order has ended.

import { EXAMPLE_ORDER } from "../../stack/example.ts";
import type { Site } from "../site.ts";

const WITHIN_MS = 120_000;

/** The orders that are placed while others send what can't be read. */
export class Customers {
  /** The ids of all orders that were accepted. */
  readonly ids: string[] = [];
  /** How long each order took from its POST to its end, in milliseconds. */
  readonly times: number[] = [];
  readonly #site: Pick<Site, "url" | "broken">;
  readonly #underWay: Promise<void>[] = [];

  constructor(site: Pick<Site, "url" | "broken">) {
    this.#site = site;
  }

  /** Places an order and goes on watching it. */
  order(): void {
    const watched = this.#order().catch(({ message }: Error) => {
      this.#site.broken.push(`a good order was not served: ${message}`);
    });
    this.#underWay.push(watched);
  }

  /** Resolves when all orders have ended. */
  async served(): Promise<void> {
    await Promise.all(this.#underWay.splice(0));
  }

  async #order(): Promise<void> {
    const begun = performance.now();
    const signal = AbortSignal.timeout(WITHIN_MS);
    const url = this.#site.url("orders");
    const headers = { "content-type": "application/json" };
    const body = JSON.stringify(EXAMPLE_ORDER);
    const taken = await fetch(`${url}/orders`, { method: "POST", headers, body, signal });
    const { orderId } = (await taken.json()) as { orderId?: string };
    if (!orderId) throw new Error(`its POST was answered ${taken.status}`);
    this.ids.push(orderId);
    const changes = await (await fetch(`${url}/orders/${orderId}/stream`, { signal })).text();
    if (!changes.includes('"status":"completed"')) throw new Error(`${orderId} has not completed`);
    this.times.push(performance.now() - begun);
  }
}

// The order flow in one room: every service in memory, hearing what the others say, so that tests need invent nothing.

import { vi } from "vitest";
import type { Event, FactType, OrderCreated } from "../../shared/contracts/events.ts";
import { type AnyService, consumes } from "../../shared/service/define.ts";
import { order } from "../pure/given.ts";
import { type CommandStep, Machine, type Step, settle, toEvent } from "./machine.ts";
import { Outside } from "./outside.ts";

export const ORDER = "0190c0de-0000-7000-8000-000000000001";
export const NOW = Date.UTC(2026, 0, 5, 9);

/** Puts timers and the clock into the test's hands; the answer puts them back. */
export function stopTime(): () => void {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "setInterval", "clearInterval"] });
  vi.spyOn(Date, "now").mockReturnValue(NOW);
  return () => {
    vi.useRealTimers();
    vi.restoreAllMocks();
  };
}

/** One way in which an order may go. */
export interface Scenario {
  readonly name: string;
  readonly order: Partial<OrderCreated>;
  /** How many of each SKU are on hand. */
  readonly onHand: number;
  /** The order is cancelled from outside once nothing moves, before any goods leave: shipping hears of nothing. */
  readonly withdrawn?: boolean;
  /** The last fact that is said of the order. */
  readonly ends: FactType;
}

const EXPENSIVE = { lines: [{ sku: "TEA", quantity: 2, unitPriceCents: 100_000 }], totalCents: 200_000 };

export const scenarios: readonly Scenario[] = [
  { name: "a standard order", order: {}, onHand: 10, ends: "order.completed" },
  { name: "a trial order", order: { plan: "TRIAL" }, onHand: 10, ends: "order.completed" },
  { name: "an order for more than is on hand", order: {}, onHand: 1, ends: "order.cancelled" },
  {
    name: "an order whose card is declined",
    order: { paymentToken: "tok_decline" },
    onHand: 10,
    ends: "stock.released",
  },
  {
    name: "an order that no carrier takes",
    order: {
      shipTo: { name: "Ada L.", line1: "1 Mill Lane", city: "York", postcode: "00000", country: "GB" },
    },
    onHand: 10,
    ends: "payment.voided",
  },
  { name: "an order that waits for a person", order: EXPENSIVE, onHand: 10, ends: "risk.flagged" },
  {
    name: "an order withdrawn while it waits for a person",
    order: EXPENSIVE,
    onHand: 10,
    withdrawn: true,
    ends: "stock.released",
  },
  {
    name: "an order withdrawn once it is paid for",
    order: {},
    onHand: 10,
    withdrawn: true,
    ends: "payment.voided",
  },
];

const STANDARD = order({ orderId: ORDER });

const WITHDRAWAL: Event<"order.cancelled"> = {
  type: "order.cancelled",
  data: { orderId: ORDER, reason: "withdrawn", detail: null },
  id: `${ORDER}.withdrawn`,
  source: "a person",
  key: ORDER,
  time: NOW,
  causationId: "withdraw by hand",
  correlationId: ORDER,
};

/** One service's part in a scenario. */
export interface Part {
  /** What it is asked and told, in the order in which that happened. */
  readonly steps: readonly Step[];
  /** Everything it heard or said, in the order of the stream. */
  readonly story: readonly Event[];
  /** The own facts that must have been said before an event of this type can be: without them it never is. */
  dependsOn(type: FactType): readonly FactType[];
}

/** The services at play. Time has to be stopped. */
export class Flow {
  readonly #services: readonly AnyService[];
  readonly #streams = new Map<string, Promise<readonly Event[]>>();

  constructor(services: readonly AnyService[]) {
    this.#services = services;
  }

  /**
   * Everything that is said in a scenario, in order. With `lost`, facts of that type vanish on their way: what is
   * missing then is what depends on them.
   */
  stream(scenario: Scenario, lost?: FactType): Promise<readonly Event[]> {
    const name = `${scenario.name} without ${lost}`;
    const stream = this.#streams.get(name) ?? perform(this.#services, scenario, lost);
    this.#streams.set(name, stream);
    return stream;
  }

  /** The part that a service has in a scenario. */
  async partOf(service: AnyService, scenario: Scenario): Promise<Part> {
    const hears = ({ type }: Event) => consumes(service).includes(type) && !isDeaf(service, scenario);
    const stream = await this.stream(scenario);
    const story = stream.filter((event) => event.source === service.name || hears(event));
    const own = typesOf(story.filter(({ source }) => source === service.name));
    const without = new Map<FactType, ReadonlySet<FactType>>();
    for (const lost of own) without.set(lost, typesOf(await this.stream(scenario, lost)));

    const commands = commandsOf(scenario).filter((command) => command.service === service.name);
    return {
      story,
      steps: [
        ...commands.map((command) => ({ command })),
        ...story.filter(hears).map((event) => ({ event })),
      ],
      dependsOn: (type) => [...own].filter((lost) => lost !== type && !without.get(lost)!.has(type)),
    };
  }
}

async function perform(
  services: readonly AnyService[],
  scenario: Scenario,
  lost?: FactType,
): Promise<Event[]> {
  const outside = new Outside();
  const machines = services.map((service) => new Machine(service, { outside }));
  const stream: Event[] = [];
  const read = new Map(machines.map((machine) => [machine, 0]));

  const hearThem = async () => {
    await settle(...machines);
    for (const machine of machines) {
      const { stored } = machine.broker;
      const said = stored.slice(read.get(machine)).map((row) => toEvent(row, machine.service.name));
      stream.push(...said.filter(({ type }) => type !== lost));
      read.set(machine, stored.length);
    }
  };
  let told = 0;
  const tellThem = async () => {
    for (; told < stream.length; told++) {
      const event = stream[told]!;
      for (const machine of machines) {
        const { service } = machine;
        if (consumes(service).includes(event.type) && !isDeaf(service, scenario)) machine.give(event);
      }
      await hearThem();
    }
  };

  for (const command of commandsOf(scenario)) {
    await machines.find(({ service }) => service.name === command.service)!.command(command);
  }
  await hearThem();
  await tellThem();
  if (scenario.withdrawn) {
    stream.push(WITHDRAWAL);
    await tellThem();
  }
  for (const machine of machines) {
    for (const { end, cause, content } of machine.deliveries) {
      if (end !== "acked")
        throw cause ?? new Error(`${machine.service.name} took no ${(content as Event).type}`);
    }
    machine.close();
  }
  return stream;
}

/** What people do in a scenario: stock the shelves, place the order. */
function commandsOf({ order, onHand }: Scenario): CommandStep[] {
  const stock = ["TEA", "POT"].map((sku) => ({
    service: "inventory",
    name: "adjust",
    input: { sku, delta: onHand, reason: "delivery" },
    key: sku,
  }));
  return [...stock, { service: "orders", name: "place", input: { ...STANDARD, ...order }, key: ORDER }];
}

function isDeaf({ name }: AnyService, { withdrawn = false }: Scenario): boolean {
  return withdrawn && name === "shipping";
}

function typesOf(events: readonly Event[]): ReadonlySet<FactType> {
  return new Set(events.map(({ type }) => type));
}

/** The same step for another order; a step about stock stays what it is. */
export function forOrder<S extends Step | Event>(step: S, orderId: string): S {
  return JSON.parse(JSON.stringify(step).replaceAll(ORDER, orderId));
}

/** Whether an event is about an order. */
export function isAboutOrder(event: Event): boolean {
  return "orderId" in event.data;
}

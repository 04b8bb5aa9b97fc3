// The order flow in one room: every service in memory, hearing what the others say, so that tests need invent nothing.

import { vi } from "vitest";
import type { Event, FactType, OrderCreated } from "../../shared/contracts/events.ts";
import { type AnyService, consumes } from "../../shared/service/define.ts";
import { order } from "../pure/given.ts";
import { atTime, type CommandStep, Machine, type Step, settle, toEvent } from "./machine.ts";
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

/** Puts timers and the clock into the test's hands, and lets the clock go on with the timers. */
export function controlTime(): () => void {
  vi.useFakeTimers({
    toFake: ["setTimeout", "clearTimeout", "setInterval", "clearInterval", "Date"],
    now: NOW,
  });
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
  /** What people do meanwhile, or that time passes: when all have heard of a fact, or when nothing moves any more. */
  readonly later?: { readonly after: FactType } & Exclude<Step, { event: Event }>;
  /** The last fact that is said of the order. */
  readonly ends: FactType;
}

const EXPENSIVE = { lines: [{ sku: "TEA", quantity: 2, unitPriceCents: 100_000 }], totalCents: 200_000 };
const DAY_MS = 86_400_000;

const CANCEL: CommandStep = {
  service: "orders",
  name: "cancel",
  input: { orderId: ORDER, requestedBy: "customer", reason: "ordered by mistake" },
  key: ORDER,
};
const review = (decision: string): CommandStep => ({
  service: "risk",
  name: "review",
  input: { orderId: ORDER, decision, note: "we called her" },
  key: ORDER,
});

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
    name: "an order that a person approves",
    order: EXPENSIVE,
    onHand: 10,
    later: { after: "risk.flagged", command: review("approve") },
    ends: "order.completed",
  },
  {
    name: "an order that a person rejects",
    order: EXPENSIVE,
    onHand: 10,
    later: { after: "risk.flagged", command: review("reject") },
    ends: "stock.released",
  },
  {
    name: "an order that nobody reviews in time",
    order: EXPENSIVE,
    onHand: 10,
    later: { after: "risk.flagged", clock: NOW + DAY_MS },
    ends: "stock.released",
  },
  {
    name: "an order that is cancelled while it waits for a person",
    order: EXPENSIVE,
    onHand: 10,
    later: { after: "risk.flagged", command: CANCEL },
    ends: "stock.released",
  },
  {
    name: "an order that is cancelled before anything else happens to it",
    order: {},
    onHand: 10,
    later: { after: "order.created", command: CANCEL },
    ends: "payment.voided",
  },
  {
    name: "a trial order that is cancelled before it is paid for",
    order: { plan: "TRIAL" },
    onHand: 10,
    later: { after: "stock.reserved", command: CANCEL },
    ends: "payment.voided",
  },
  {
    name: "an order for more than is on hand that is cancelled at once",
    order: {},
    onHand: 1,
    later: { after: "order.created", command: CANCEL },
    ends: "shipment.withdrawn",
  },
  {
    name: "an order that is cancelled when its goods have left",
    order: {},
    onHand: 10,
    later: { after: "payment.authorized", command: CANCEL },
    ends: "order.completed",
  },
];

const STANDARD = order({ orderId: ORDER });

/** One service's part in a scenario. */
export interface Part {
  /** What it is asked and told, in the order in which that happened. */
  readonly steps: readonly Step[];
  /** Everything it heard or said, in the order of the stream. */
  readonly story: readonly Event[];
  /** The own facts that must have been said before a step can be: without them it never is. */
  dependsOn(step: Step): readonly FactType[];
}

/** What happened in a scenario: what was said in all, and what the services were told and asked, in order. */
interface Played {
  readonly stream: readonly Event[];
  readonly steps: readonly Step[];
  /** What had been said before what people did. */
  readonly saidBefore: ReadonlyMap<Step, ReadonlySet<FactType>>;
}

/** The services at play. Time has to be stopped. */
export class Flow {
  readonly #services: readonly AnyService[];
  readonly #played = new Map<string, Promise<Played>>();

  constructor(services: readonly AnyService[]) {
    this.#services = services;
  }

  /** Everything that is said in a scenario, in order. */
  async stream(scenario: Scenario): Promise<readonly Event[]> {
    return (await this.#play(scenario)).stream;
  }

  /** The part that a service has in a scenario. */
  async partOf(service: AnyService, scenario: Scenario): Promise<Part> {
    const hears = ({ type }: Event) => consumes(service).includes(type);
    const { stream, steps, saidBefore } = await this.#play(scenario);
    const story = stream.filter((event) => event.source === service.name || hears(event));
    const own = typesOf(story.filter(({ source }) => source === service.name));
    const without = new Map<FactType, ReadonlySet<FactType>>();
    for (const lost of own) without.set(lost, typesOf((await this.#play(scenario, lost)).stream));

    return {
      story,
      steps: steps.filter((step) => {
        if ("event" in step) return hears(step.event);
        return "command" in step ? step.command.service === service.name : service.deadlines.length > 0;
      }),
      dependsOn: (step) =>
        [...own].filter((said) =>
          "event" in step
            ? said !== step.event.type && !without.get(said)!.has(step.event.type)
            : saidBefore.get(step)!.has(said),
        ),
    };
  }

  /** With `lost`, facts of that type vanish on their way: what is missing then is what depends on them. */
  #play(scenario: Scenario, lost?: FactType): Promise<Played> {
    const name = `${scenario.name} without ${lost}`;
    const played = this.#played.get(name) ?? perform(this.#services, scenario, lost);
    this.#played.set(name, played);
    return played;
  }
}

async function perform(
  services: readonly AnyService[],
  scenario: Scenario,
  lost?: FactType,
): Promise<Played> {
  const outside = new Outside();
  const machines = services.map((service) => new Machine(service, { outside }));
  const stream: Event[] = [];
  const steps: Step[] = [];
  const saidBefore = new Map<Step, ReadonlySet<FactType>>();
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
  const play = async (step: Step) => {
    steps.push(step);
    if (!("event" in step)) saidBefore.set(step, typesOf(stream));
    if ("event" in step) {
      const { event } = step;
      for (const machine of machines) if (consumes(machine.service).includes(event.type)) machine.give(event);
    } else if ("command" in step) {
      const { command } = step;
      await machines.find(({ service }) => service.name === command.service)!.command(command);
    } else await atTime(step.clock, hearThem);
    await hearThem();
  };

  for (const command of commandsOf(scenario)) await play({ command });
  let { later } = scenario;
  for (let told = 0; told < stream.length || later; told++) {
    const event = stream[told];
    if (event) await play({ event });
    if (later && (!event || event.type === later.after)) {
      const { after: _, ...step } = later;
      later = undefined;
      await play(step as Step);
      if (!event) told--;
    }
  }
  for (const machine of machines) {
    for (const { end, cause, content } of machine.deliveries) {
      if (end !== "acked")
        throw new Error(cause ?? `${machine.service.name} took no ${(content as Event).type}`);
    }
    machine.close();
  }
  return { stream, steps, saidBefore };
}

/** What people do first of all: stock the shelves, place the order. */
function commandsOf({ order, onHand }: Scenario): CommandStep[] {
  const stock = ["TEA", "POT"].map((sku) => ({
    service: "inventory",
    name: "adjust",
    input: { sku, delta: onHand, reason: "delivery" },
    key: sku,
  }));
  return [...stock, { service: "orders", name: "place", input: { ...STANDARD, ...order }, key: ORDER }];
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

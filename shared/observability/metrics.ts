// The figures of one service for Prometheus. Counters are plain numbers until somebody asks; gauges are read when somebody does.

import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";
import type { Event, FactType } from "../contracts/events.ts";
import type { Answering, HttpObserver } from "../http/observer.ts";
import type { Outcome } from "../service/delivery.ts";
import type { OutboxRow } from "../service/engine.ts";
import type { Deciding, Deed, Observer } from "../service/observer.ts";
import type { Standing } from "../service/standing.ts";
import type { Labels, Meters } from "./meters.ts";
import { Tally } from "./tally.ts";

/** In seconds: from what a decision takes to what a disk in trouble takes. */
const FAST = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1];
/** In seconds: what somebody outside may take. */
const SLOW = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15];

/** Counts what a service does. */
export class Metrics implements Observer, HttpObserver, Meters {
  readonly #registry = new Registry();
  readonly #deliveries = new Tally<[Outcome, FactType | "unreadable"]>();
  readonly #commands = new Tally<[command: string, outcome: string]>();
  readonly #deadlines = new Tally<[deadline: string, outcome: string]>();
  readonly #facts = new Tally<[FactType]>();
  readonly #calls = new Tally<["answered" | "failed" | "paused"]>();
  readonly #requests = new Tally<[method: string, route: string, status: string]>();
  readonly #again: Counter;
  readonly #decide: Histogram;
  readonly #commit: Histogram;
  readonly #call: Histogram;
  readonly #request: Histogram;

  /** `service` is in every figure's labels. */
  constructor(service: string) {
    this.#registry.setDefaultLabels({ service });
    collectDefaultMetrics({ register: this.#registry });
    this.#counter(
      "quadrille_deliveries_total",
      "Deliveries that have ended, by fact and by how they ended.",
      ["outcome", "fact"],
      this.#deliveries,
    );
    this.#counter(
      "quadrille_commands_total",
      "Commands, by how they ended.",
      ["command", "outcome"],
      this.#commands,
    );
    this.#counter(
      "quadrille_deadlines_total",
      "Deadlines that have struck.",
      ["deadline", "outcome"],
      this.#deadlines,
    );
    this.#counter("quadrille_facts_total", "Facts stored in the stream.", ["fact"], this.#facts);
    this.#again = new Counter({
      name: "quadrille_facts_again_total",
      help: "Facts stored again, since NATS had lost them.",
      registers: [this.#registry],
    });
    this.#counter(
      "quadrille_calls_total",
      "Calls to the outside, each try for itself, and those not made while calls are paused.",
      ["outcome"],
      this.#calls,
    );
    this.#counter(
      "http_requests_total",
      "HTTP requests that were answered.",
      ["method", "route", "status"],
      this.#requests,
    );
    const histogram = (name: string, help: string, buckets: number[]) =>
      new Histogram({ name, help, buckets, registers: [this.#registry] });
    this.#decide = histogram(
      "quadrille_decide_seconds",
      "What it takes to look up, decide and note one event.",
      FAST,
    );
    this.#commit = histogram("quadrille_commit_seconds", "What it takes to commit a group.", FAST);
    this.#call = histogram("quadrille_call_seconds", "What a try of a call to the outside takes.", SLOW);
    this.#request = histogram("http_request_duration_seconds", "What an HTTP request takes.", SLOW);
  }

  /** Shows how the service stands; `behind` tells how many events wait for it, as its latest delivery said. */
  show(standing: () => Standing, behind: () => number): void {
    const now = () => Date.now();
    this.gauge("quadrille_outbox_facts", "Facts that are not in the stream yet.", [], (set) =>
      set({}, standing().outbox.waiting),
    );
    this.gauge("quadrille_outbox_age_seconds", "The age of the oldest of them.", [], (set) => {
      const { oldestAt = now() } = standing().outbox;
      set({}, Math.max(0, now() - oldestAt) / 1_000);
    });
    this.gauge("quadrille_deliveries_under_way", "Deliveries that have not ended.", [], (set) =>
      set({}, standing().underWay),
    );
    this.gauge("quadrille_lanes_in_use", "Orders for which a call is under way or due.", [], (set) =>
      set({}, standing().lanes),
    );
    this.gauge(
      "quadrille_breaker_open",
      "1 while calls are paused since nobody outside answers.",
      [],
      (set) => set({}, standing().isPaused ? 1 : 0),
    );
    this.gauge("quadrille_parked", "Messages that are put aside, by state.", ["state"], (set) => {
      for (const [state, count] of Object.entries(standing().parked)) set({ state }, count);
    });
    this.gauge(
      "quadrille_behind_events",
      "Events that wait for the service or are under way, as its latest delivery told.",
      [],
      (set) => set({}, behind()),
    );
  }

  /** All figures as Prometheus reads them. */
  text(): Promise<string> {
    return this.#registry.metrics();
  }

  ended(outcome: Outcome, _delivery: unknown, event?: Event): void {
    this.#deliveries.add(outcome, event?.type ?? "unreadable");
  }

  decided(ms: number): void {
    this.#decide.observe(ms / 1_000);
  }

  committed(ms: number): void {
    this.#commit.observe(ms / 1_000);
  }

  calling(): (error?: Error) => void {
    const from = performance.now();
    return (error) => {
      this.#calls.add(error ? "failed" : "answered");
      this.#call.observe((performance.now() - from) / 1_000);
    };
  }

  paused(): void {
    this.#calls.add("paused");
  }

  deciding({ kind, name }: Deed): Deciding {
    const tally = kind === "command" ? this.#commands : this.#deadlines;
    return { ended: (outcome) => tally.add(name, outcome) };
  }

  published(rows: readonly OutboxRow[], again?: string): void {
    if (again) this.#again.inc(rows.length);
    for (const { type } of rows) this.#facts.add(type);
  }

  requested(method: string): Answering {
    const from = performance.now();
    return {
      answered: (route, status) => {
        this.#requests.add(method, route, `${status}`);
        this.#request.observe((performance.now() - from) / 1_000);
      },
    };
  }

  gauge(...[name, help, labelNames, read]: Parameters<Meters["gauge"]>): void {
    new Gauge({
      name,
      help,
      labelNames,
      registers: [this.#registry],
      async collect() {
        const values: [Labels, number][] = [];
        await read((labels, value) => void values.push([labels, value]));
        this.reset(); // What is gone is shown no more.
        for (const [labels, value] of values) this.set(labels, value);
      },
    });
  }

  durations(...[name, help, labelNames, buckets, read]: Parameters<Meters["durations"]>): void {
    new Histogram({
      name,
      help,
      labelNames,
      buckets: [...buckets],
      registers: [this.#registry],
      async collect() {
        await read((labels, seconds) => this.observe(labels, seconds));
      },
    });
  }

  #counter<Words extends string[]>(
    name: string,
    help: string,
    labelNames: { readonly [index in keyof Words]: string },
    tally: Tally<Words>,
  ): void {
    new Counter({
      name,
      help,
      labelNames,
      registers: [this.#registry],
      collect() {
        this.reset();
        for (const [words, count] of tally) this.inc(labelled(labelNames, words), count);
      },
    });
  }
}

function labelled(names: readonly string[], words: readonly string[]): Labels {
  return Object.fromEntries(names.map((name, index) => [name, words[index]!]));
}

// A service that is watched: what it says stays the same, every span ends, and every fact carries who decided it.

import { hrTimeToMilliseconds } from "@opentelemetry/core";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { Metrics } from "../../shared/observability/metrics.ts";
import { traceIdOf } from "../../shared/observability/traceparent.ts";
import { together } from "../../shared/service/observer.ts";
import { Scrape } from "../support/exposition.ts";
import { recordedTraces } from "../support/spans.ts";
import { controlTime, NOW } from "./flow.ts";
import { toEvent } from "./machine.ts";
import { created, declined, noted, paid, plantBug, Till, turns } from "./till.ts";
import { WaitingDesk } from "./waiting-desk.ts";

const TRACE = "0af7651916cd43dd8448eb211c80319c";
const PARENT = `00-${TRACE}-b7ad6b7169203331-01`;

beforeEach(controlTime);

const within = <E extends object>(event: E): E => ({ ...event, traceparent: PARENT });
const factsOf = (till: Till) => till.runtime.engine.outboxAfter(0).map((row) => toEvent(row, "till"));

describe("a service that is watched", () => {
  it("says the same facts as one that is not, with the same ids and the same bytes", async () => {
    const { tracing } = recordedTraces();
    const said = [];
    for (const observer of [undefined, together([new Metrics("till"), tracing])]) {
      const till = new Till({ ...(observer && { observer }) });
      await till.take(paid("a"), declined("b"), noted("c"), created("d"));
      till.answer("d");
      await turns();
      const rows = till.runtime.engine.outboxAfter(0);
      said.push(rows.map(({ traceparent: _, ...row }) => row));
    }
    expect(said[0]).toHaveLength(4);
    expect(said[1]).toEqual(said[0]);
  });

  it("says what it decides in the trace of the delivery that decided it", async () => {
    const { tracing, spans } = recordedTraces();
    const till = new Till({ observer: tracing });
    await till.take(within(declined("a")));

    const decider = spans.find(({ name }) => name === "process payment.declined")!;
    expect(decider.parentSpanContext?.spanId).toBe("b7ad6b7169203331");
    const { traceId, spanId } = decider.spanContext();
    expect(factsOf(till).map(({ traceparent }) => traceparent)).toEqual([
      `00-${traceId}-${spanId}-01`,
      `00-${traceId}-${spanId}-01`,
    ]);
    expect(traceId).toBe(TRACE);
  });

  it("shows how long a fact had to wait for NATS, and only then", async () => {
    const { tracing, spans } = recordedTraces();
    const till = new Till({ observer: tracing });
    await till.take(within(paid("a")));
    till.broker.mood = "refuses";
    await till.take(within(paid("b")));
    await vi.advanceTimersByTimeAsync(1_000);
    till.broker.mood = "works";
    await vi.advanceTimersByTimeAsync(5_000);
    await turns();

    const [sent, ...others] = spans.filter(({ name }) => name.startsWith("send "));
    expect(sent).toMatchObject({ name: "send order.completed", attributes: { "order.id": "b" } });
    expect(sent!.parentSpanContext?.spanId).toBe(factsOf(till)[1]!.traceparent!.split("-")[2]);
    expect(others).toEqual([]);
  });

  it("shows who takes note of a fact when that came late, came again, or tells how the order ends", async () => {
    const { tracing, spans } = recordedTraces();
    const till = new Till({ observer: tracing });
    await till.take(within({ ...noted("a"), time: NOW }));
    await till.take(within({ ...noted("late"), time: NOW - 5_000 }));

    expect(spans.map(({ attributes }) => [attributes["order.id"], attributes["quadrille.outcome"]])).toEqual([
      ["late", "ignored"],
    ]);
  });

  it("says what an operator has redriven in the trace that the message came in", async () => {
    plantBug("mended");
    const { tracing, spans } = recordedTraces();
    const till = new Till({ observer: tracing });
    const event = within(paid("mended"));
    await till.take(event);
    expect(spans.map(({ attributes }) => attributes["quadrille.outcome"])).toEqual(["parked"]);

    plantBug("mended", false);
    await till.tell("redrive", event);

    const [fact] = factsOf(till);
    expect(fact).toMatchObject({ type: "order.completed" });
    expect(traceIdOf(fact!.traceparent!)).toBe(TRACE);
    const again = spans.find(({ attributes }) => attributes["quadrille.outcome"] === "reacted")!;
    expect(again.parentSpanContext?.spanId).toBe("b7ad6b7169203331");
    expect(again.spanContext().spanId).toBe(fact!.traceparent!.split("-")[2]);
  });

  it("shows a delivery from when it came, though nothing came of it for a while", async () => {
    const { tracing, spans } = recordedTraces();
    const till = new Till({ observer: tracing });
    till.give(within(created("a")));
    till.give(within(created("a", "2")));
    await turns();
    await vi.advanceTimersByTimeAsync(3_000);
    for (let call = 0; call < 2; call++) {
      till.answer("a");
      await turns();
    }

    const waited = spans.find(
      ({ attributes }) => attributes["messaging.message.id"] === created("a", "2").id,
    );
    expect(hrTimeToMilliseconds(waited!.startTime)).toBe(NOW);
    expect(hrTimeToMilliseconds(waited!.duration)).toBeGreaterThanOrEqual(3_000);
  });

  it("counts every duration, however many there are before somebody asks", async () => {
    const metrics = new Metrics("till");
    for (let n = 0; n < 2_500; n++) metrics.decided(n % 2);
    const found = new Scrape(await metrics.text());
    expect(found.sum("quadrille_decide_seconds_count")).toBe(2_500);
    expect(found.sum("quadrille_decide_seconds_sum")).toBeCloseTo(1.25);
  });

  it("begins a trace of a fact that came without one, which its log names as well", async () => {
    plantBug("bug");
    const { tracing, spans } = recordedTraces();
    const till = new Till({ observer: tracing });
    await till.take(paid("bug"), declined("a"));

    const [parked] = spans.filter(({ attributes }) => attributes["quadrille.outcome"] === "parked");
    expect(till.logged).toContainEqual(expect.objectContaining({ traceId: parked!.spanContext().traceId }));
    const decider = spans.find(({ name }) => name === "process payment.declined")!;
    expect(decider.parentSpanContext).toBeUndefined();
    expect(traceIdOf(factsOf(till)[0]!.traceparent!)).toBe(decider.spanContext().traceId);
  });

  it("ends every span when it stops, those of what it hands back as well", async () => {
    const { tracing, spans } = recordedTraces();
    const till = new Till({ observer: tracing });
    till.give(within(created("a")));
    till.give(within(created("a", "2")));
    till.give(within(created("b")));
    await turns();
    till.answer("b");
    await turns();

    const drained = till.runtime.drain(1_000);
    await vi.advanceTimersByTimeAsync(800);
    till.fail("a");
    await turns();
    await vi.advanceTimersByTimeAsync(1_000);
    await drained;

    const ends = spans
      .filter(({ name }) => name === "process order.cancelled")
      .map(({ attributes }) => `${attributes["order.id"]} ${attributes["quadrille.outcome"]}`);
    expect(ends.sort()).toEqual(["a retried", "a retried", "b reacted"]);
  });

  it("says of a command that is repeated what it said the first time, in the trace of the first", async () => {
    const { tracing, spans } = recordedTraces();
    const till = new Till({ observer: tracing });
    const idempotency = { key: "k", request: "r" };
    for (let time = 0; time < 2; time++) {
      const placed = till.place("a", idempotency);
      await turns();
      await placed;
    }
    const commands = spans.filter(({ name }) => name === "command take");
    expect(commands.map(({ attributes }) => attributes["quadrille.outcome"])).toEqual(["done", "done"]);
    const facts = factsOf(till);
    expect(facts).toHaveLength(1);
    expect(facts[0]!.traceparent).toContain(commands[0]!.spanContext().spanId);
  });

  it("tells that calls are paused, and who waits for that", async () => {
    const { tracing, spans } = recordedTraces();
    const metrics = new Metrics("till");
    const till = new Till({ observer: together([metrics, tracing])! });
    metrics.show(
      () => till.runtime.standing,
      () => 0,
    );
    for (let n = 1; n <= 8; n++) {
      till.give(within(created(`o${n}`)));
      await turns();
      till.fail(`o${n}`);
      await turns();
    }
    await till.take(within(created("late")));

    const late = spans.find(({ attributes }) => attributes["order.id"] === "late")!;
    expect(late.events.map(({ name }) => name)).toEqual(["calls are paused"]);
    const found = new Scrape(await metrics.text());
    expect(found.sum("quadrille_breaker_open")).toBe(1);
    expect(found.sum("quadrille_calls_total", { outcome: "failed" })).toBe(8);
    expect(found.sum("quadrille_calls_total", { outcome: "paused" })).toBe(1);
    expect(found.sum("quadrille_deliveries_total", { outcome: "retried" })).toBe(9);
  });
});

describe("a deadline", () => {
  it("strikes in the trace of what the order waits for, though nobody traces", async () => {
    const desk = new WaitingDesk();
    await desk.wait("a", NOW + 1_000, PARENT);
    await desk.wait("b", NOW + 1_000);
    await vi.advanceTimersByTimeAsync(2_000);
    await turns();

    const rejected = desk.facts.filter(({ type }) => type === "risk.rejected");
    expect(rejected.map(({ key, traceparent }) => [key, traceparent])).toEqual([
      ["a", PARENT],
      ["b", undefined],
    ]);
  });

  it("has a span of its own under it, which its facts carry", async () => {
    const { tracing, spans } = recordedTraces();
    const desk = new WaitingDesk({ observer: tracing });
    await desk.wait("a", NOW + 1_000, PARENT);
    await vi.advanceTimersByTimeAsync(2_000);
    await turns();

    const [asked, struck] = ["command wait", "deadline patience"].map(
      (name) => spans.find((span) => span.name === name)!,
    );
    expect(struck!.parentSpanContext?.spanId).toBe(asked!.spanContext().spanId);
    const rejected = desk.facts.find(({ type }) => type === "risk.rejected")!;
    expect(rejected.traceparent).toBe(`00-${TRACE}-${struck!.spanContext().spanId}-01`);
  });
});

describe("a trace that is not kept", () => {
  it("costs no span, and nobody downstream keeps it either", async () => {
    const { tracing, spans } = recordedTraces((_, isParentKept) => isParentKept ?? false);
    const till = new Till({ observer: tracing });
    await till.take({ ...paid("a"), traceparent: PARENT.replace(/01$/, "00") }, paid("b"));

    expect(spans).toEqual([]);
    const [a, b] = factsOf(till).map(({ traceparent }) => traceparent!);
    expect(a).toBe(PARENT.replace(/01$/, "00"));
    expect(b).toMatch(/^00-[\da-f]{32}-[\da-f]{16}-00$/);
  });
});

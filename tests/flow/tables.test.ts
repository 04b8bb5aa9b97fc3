// The faults that the reaction tables show before anything runs: none today, and each planted one is named.

import { describe, expect, it } from "vitest";
import { allServices } from "../../apps/services.ts";
import { loadConfig } from "../../shared/config.ts";
import { tableFaults } from "../../shared/flow/tables.ts";
import { command, deadline, observe, perform, when } from "../../shared/service/define.ts";
import { planted } from "./planted.ts";

const decide = () => [];
const place = command({ name: "place", load: () => undefined, decide, emits: ["order.created"] });
const starts = planted("starts", { commands: [place], reactions: [] });
const ships = planted("ships", {
  reactions: [perform({ on: "order.created", request: decide, call: async () => {} })],
});

describe("the tables of the flow", () => {
  it("have no faults", () => {
    expect(tableFaults(allServices(loadConfig({})))).toEqual([]);
  });

  it("show it when any service but the observers is missing", () => {
    const services = allServices(loadConfig({}));
    for (const missing of ["orders", "inventory", "risk", "payments", "shipping"]) {
      expect(tableFaults(services.filter(({ name }) => name !== missing)), missing).not.toEqual([]);
    }
  });
});

describe("a fact that somebody listens for", () => {
  it("is a fault when nobody says it, also for those who only take note", () => {
    const notes = planted("notes", { reactions: [observe("stock.reserved")] });
    const acts = planted("acts", { reactions: [when({ on: "stock.reserved", decide, emits: [] })] });

    expect(tableFaults([notes])).toEqual([
      "notes listens for stock.reserved, which nobody says: let a service emit it, or take it out of apps/notes/service.ts.",
    ]);
    expect(tableFaults([notes, acts])).toEqual([
      "notes and acts listen for stock.reserved, which nobody says: let a service emit it, or take it out of apps/notes/service.ts or apps/acts/service.ts.",
    ]);
  });

  it("may be said on a command or at a deadline", () => {
    const open = () => [];
    const expiry = deadline({ name: "end", open, load: () => undefined, decide, emits: ["order.created"] });

    expect(tableFaults([starts, ships])).toEqual([]);
    expect(tableFaults([planted("ends", { reactions: [], deadlines: [expiry] }), ships])).toEqual([]);
  });
});

describe("a fact that is said", () => {
  const notes = planted("notes", { reactions: [observe("order.created")] });

  it("is a fault when nobody does anything about it: taking note does not count", () => {
    const fault = [
      "starts says order.created, and nobody does anything about it: let a service react to it, or list it under terminal in apps/starts/service.ts.",
    ];

    expect(tableFaults([starts])).toEqual(fault);
    expect(tableFaults([starts, notes])).toEqual(fault);
    expect(tableFaults([starts, { ...starts, name: "also" }])).toEqual([
      "starts and also say order.created, and nobody does anything about it: let a service react to it, or list it under terminal in apps/starts/service.ts or apps/also/service.ts.",
    ]);
  });

  it("is none when it is terminal", () => {
    expect(tableFaults([{ ...starts, terminal: ["order.created"] }, notes])).toEqual([]);
  });

  it("is a fault when it is terminal and somebody acts on it", () => {
    expect(tableFaults([{ ...starts, terminal: ["order.created"] }, ships])).toEqual([
      "starts declares order.created terminal, and ships acts on it: take it out of terminal in apps/starts/service.ts.",
    ]);
  });

  it("is a fault when it is terminal for one who never says it", () => {
    expect(tableFaults([starts, { ...ships, terminal: ["order.created"] }])).toEqual([
      "ships declares order.created terminal, and never says it: take it out of terminal in apps/ships/service.ts.",
    ]);
  });
});

describe("facts that go round in a circle", () => {
  const ask = when({ on: ["order.created", "payment.declined"], decide, emits: ["stock.reserved"] });
  const answer = when({ on: "stock.reserved", decide, emits: ["payment.declined"] });
  const circle = (asks: object, answers: object) => [
    starts,
    planted("asks", { reactions: [{ ...ask, ...asks }] }),
    planted("answers", { reactions: [{ ...answer, ...answers }] }),
  ];

  it("are a fault that names the circle, once", () => {
    expect(tableFaults(circle({}, {}))).toEqual([
      "payment.declined -> stock.reserved (asks) -> payment.declined (answers) goes round without end: no reaction on the way has atMost.",
    ]);
  });

  it("are none when any reaction on the way has atMost", () => {
    expect(tableFaults(circle({ atMost: 3 }, {}))).toEqual([]);
    expect(tableFaults(circle({}, { atMost: 1 }))).toEqual([]);
  });

  it("are a fault when a service answers itself", () => {
    const echo = when({ on: "order.created", decide, emits: ["order.created"] });

    expect(tableFaults([starts, planted("echoes", { reactions: [echo] })])).toEqual([
      "order.created -> order.created (echoes) goes round without end: no reaction on the way has atMost.",
    ]);
  });

  it("are found beside a circle that has an end", () => {
    const detour = when({ on: "payment.voided", decide, emits: ["stock.reserved"] });
    const services = [
      ...circle({ atMost: 3 }, { emits: ["payment.declined", "payment.voided"] }),
      planted("detours", { reactions: [detour] }),
    ];

    expect(tableFaults(services)).toEqual([
      "payment.voided -> stock.reserved (detours) -> payment.voided (answers) goes round without end: no reaction on the way has atMost.",
    ]);
  });
});

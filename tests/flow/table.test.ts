// The reaction tables as one table.

import { describe, expect, it } from "vitest";
import { allServices } from "../../apps/services.ts";
import { loadConfig } from "../../shared/config.ts";
import { flowTable, markdownTable } from "../../shared/flow/table.ts";
import { duration, words } from "../../shared/flow/words.ts";
import { command, deadline, observe, perform, when } from "../../shared/service/define.ts";
import { planted } from "./planted.ts";

const nothing = () => [];
const isOpen = () => true;
const hasStock = () => true;

const shop = planted("shop", {
  commands: [
    command({
      name: "place",
      load: nothing,
      decide: function open() {
        return [];
      },
      emits: ["order.created"],
    }),
  ],
  reactions: [
    when({
      on: ["stock.rejected", "payment.declined"],
      if: [isOpen, hasStock],
      decide: () => [],
      emits: ["order.cancelled"],
    }),
    perform({
      on: "stock.reserved",
      request: function charge() {
        return {};
      },
      call: async () => {},
      giveUp: { afterMs: 90_000, decide: nothing },
      atMost: 2,
    }),
    observe("risk.flagged"),
  ],
  deadlines: [
    deadline({
      name: "review deadline",
      open: nothing,
      load: nothing,
      decide: nothing,
      emits: ["risk.rejected"],
    }),
  ],
});

describe("the table", () => {
  it("has a row for every command, reaction and deadline, in words", () => {
    expect(markdownTable([shop]).split("\n")).toEqual([
      "| service | on | if | does | says | deadlines |",
      "| --- | --- | --- | --- | --- | --- |",
      "| shop | command place |  | decides: open | `order.created` |  |",
      "| shop | `stock.rejected` or `payment.declined` | open and has stock | decides | `order.cancelled` |  |",
      "| shop | `stock.reserved` |  | performs: charge |  | give up after 90 s, at most 2 for one key |",
      "| shop | `risk.flagged` |  | takes note |  |  |",
      "| shop | review deadline |  | decides: nothing | `risk.rejected` |  |",
    ]);
  });

  it("says the same to programs", () => {
    expect(flowTable([shop])[2]).toEqual({
      service: "shop",
      kind: "reaction",
      on: ["stock.reserved"],
      if: [],
      does: "performs",
      what: "charge",
      says: [],
      giveUpAfterMs: 90_000,
      atMost: 2,
    });
  });

  it("covers the whole flow, with deadlines as they are configured, and no condition without a name", () => {
    const table = markdownTable(allServices(loadConfig({ GATEWAY_DEADLINE_MS: "120000" })));

    expect(table).toMatch(/^\| payments \|.* \| give up after 2 min \|$/m);
    expect(table).toContain("| analytics | every fact |  | takes note |  |  |");
    expect(table).not.toContain("without a name");
  });
});

describe("words", () => {
  it.each([
    ["isNotRejected", "not rejected"],
    ["callOff", "call off"],
    ["issue", "issue"],
    ["is", "is"],
  ])("make %s %s", (name, said) => expect(words(name)).toBe(said));

  it.each([
    [3_600_000, "1 h"],
    [172_800_000, "2 d"],
    [5_400_000, "90 min"],
    [1_500, "1500 ms"],
    [0, "0 ms"],
  ])("make %i ms %s", (ms, said) => expect(duration(ms)).toBe(said));
});

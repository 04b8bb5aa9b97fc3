// What must hold when every order has ended: FLOW.md's invariants, checked on the stream and on the outside world.

import { join } from "node:path";
import BetterSqlite from "better-sqlite3";
import { expect } from "vitest";
import type { LedgerEntry } from "../../apps/payments/sandbox.ts";
import type { BookEntry } from "../../apps/shipping/sandbox.ts";
import type { Event, FactType } from "../../shared/contracts/events.ts";
import type { Mailbox } from "./mailbox.ts";
import type { TestStack } from "./stack.ts";

/** Checks everything; `orderIds` are the orders accepted, `repeatedMails` how many may have come again after kills. */
export async function expectAllWell(
  test: TestStack,
  orderIds: readonly string[],
  mailbox: Mailbox,
  repeatedMails: number,
): Promise<void> {
  const flow = await test.flow();
  expectEveryFactOnce(flow);
  expectEveryFactCaused(flow);
  expectOneEndEach(flow, orderIds);
  await expectStockConserved(test, flow);
  expectMoneyRight(test, flow);
  expectGoodsRight(test, flow);
  await expectOneMailForEachEnd(test, flow, mailbox, repeatedMails);
}

const ENDS = ["order.completed", "order.cancelled"];

function of<T extends FactType>(flow: Event[], ...types: T[]): Event<T>[] {
  return flow.filter(({ type }) => (types as FactType[]).includes(type)) as Event<T>[];
}

function expectEveryFactOnce(flow: Event[]): void {
  const ids = flow.map(({ id }) => id);
  expect(ids.filter((id, index) => ids.indexOf(id) !== index)).toEqual([]);
  // In this flow no service says the same thing of an order twice, whatever the id.
  const said = flow.filter(({ type }) => type !== "stock.adjusted").map(({ type, key }) => `${type} ${key}`);
  expect(said.filter((one, index) => said.indexOf(one) !== index)).toEqual([]);
}

function expectEveryFactCaused(flow: Event[]): void {
  const ids = new Set(flow.map(({ id }) => id));
  const orphans = flow.filter(
    ({ causationId }) =>
      !ids.has(causationId) && !/^(place|adjust|cancel|review|review deadline) \S+$/.test(causationId),
  );
  expect(orphans).toEqual([]);
}

function expectOneEndEach(flow: Event[], orderIds: readonly string[]): void {
  expect(
    of(flow, "order.created")
      .map(({ key }) => key)
      .sort(),
  ).toEqual([...orderIds].sort());
  const ends = flow.filter(({ type }) => ENDS.includes(type)).map(({ key }) => key);
  expect(ends.sort()).toEqual([...orderIds].sort());
}

async function expectStockConserved(test: TestStack, flow: Event[]): Promise<void> {
  const adjusted = new Map<string, number>();
  for (const { data } of of(flow, "stock.adjusted")) {
    adjusted.set(data.sku, (adjusted.get(data.sku) ?? 0) + data.delta);
  }
  const { body } = await test.get("inventory", "/stock");
  for (const { sku, onHand, reserved, committed } of body.stock) {
    expect({ sku, sum: onHand + reserved + committed, reserved }).toEqual({
      sku,
      sum: adjusted.get(sku),
      reserved: 0,
    });
    expect(onHand).toBeGreaterThanOrEqual(0);
  }
}

function expectMoneyRight(test: TestStack, flow: Event[]): void {
  const held = new Map(ledgerOf(test).map((entry) => [entry.order_id, entry]));
  const totals = new Map(of(flow, "order.created").map(({ key, data }) => [key, data.totalCents]));

  for (const { key } of of(flow, "order.completed")) {
    expect(held.get(key)).toMatchObject({ status: "captured", amount_cents: totals.get(key) });
  }
  for (const { key } of of(flow, "order.cancelled")) {
    expect(["declined", "voided", undefined]).toContain(held.get(key)?.status);
  }
  const captured = of(flow, "payment.captured").map(({ key, data }) => [key, data.amountCents]);
  const expected = of(flow, "order.completed").map(({ key }) => [key, totals.get(key)]);
  expect(captured.sort()).toEqual(expected.sort());
}

function expectGoodsRight(test: TestStack, flow: Event[]): void {
  const left = of(flow, "shipment.dispatched", "shipment.waived").map(({ key }) => key);
  const completed = of(flow, "order.completed").map(({ key }) => key);
  expect(left.sort()).toEqual(completed.sort());

  // The carrier fetches the goods that were dispatched, and no others.
  const dispatched = of(flow, "shipment.dispatched").map(({ key }) => key);
  const booked = bookOf(test).filter(({ status }) => status === "booked");
  expect(booked.map(({ order_id }) => order_id).sort()).toEqual(dispatched.sort());
}

/** What the gateway has in its books. */
export function ledgerOf(test: TestStack): LedgerEntry[] {
  return rowsOf(join(test.folder, "payments", "sandbox-gateway.db"), "ledger");
}

/** What the carrier has in its book. */
export function bookOf(test: TestStack): BookEntry[] {
  return rowsOf(join(test.folder, "shipping", "sandbox-carrier.db"), "bookings");
}

function rowsOf<Row>(file: string, table: string): Row[] {
  const db = new BetterSqlite(file, { readonly: true });
  try {
    return db.prepare(`SELECT * FROM ${table}`).all() as Row[];
  } finally {
    db.close();
  }
}

async function expectOneMailForEachEnd(
  test: TestStack,
  flow: Event[],
  mailbox: Mailbox,
  repeats: number,
): Promise<void> {
  const expected = flow
    .filter(({ type }) => ENDS.includes(type))
    .map(({ id }) => `<${id}@quadrille.example>`)
    .sort();
  const arrived = () => {
    const ids = new Set(mailbox.mails.map(({ messageId }) => messageId));
    return expected.filter((id) => ids.has(id));
  };
  await test.until("every mail has arrived", async () =>
    arrived().length === expected.length ? true : undefined,
  );
  // SMTP is at least once; the Message-ID tells a repeat. What may never be is a mail about an end that was none.
  const endings = mailbox.mails.filter(({ subject }) => /complete|cancelled/.test(subject ?? ""));
  expect([...new Set(endings.map(({ messageId }) => messageId))].sort()).toEqual(expected);
  expect(endings.length - expected.length).toBeLessThanOrEqual(repeats);
}

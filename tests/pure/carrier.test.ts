// The sandbox carrier that shipping calls: it answers under the same key as before, and how it answers is up to the postcode.

import { describe, expect, it } from "vitest";
import type { BookingRequest } from "../../apps/shipping/carrier.ts";
import { type BookEntry, sandboxCarrier } from "../../apps/shipping/sandbox.ts";
import { openDatabase } from "../../shared/service/database.ts";
import { ORDER, order } from "./given.ts";

const orderId = ORDER;
const { shipTo } = order();

describe("the sandbox carrier", () => {
  const db = openDatabase(":memory:");
  const carrier = sandboxCarrier(db);
  const { signal } = new AbortController();
  const book = (priority: BookingRequest["priority"], id = orderId, postcode = shipTo.postcode) =>
    carrier.book({ key: `book:${id}`, orderId: id, shipTo: { ...shipTo, postcode }, priority }, signal);
  const callOff = (id: string) => carrier.callOff({ key: `call-off:${id}`, orderId: id }, signal);
  const entryOf = (id: string) =>
    (db.prepare("SELECT * FROM bookings WHERE order_id = ?").get(id) as BookEntry | undefined)?.status;

  it("shows how it carries the goods", async () => {
    expect(await book("STANDARD")).toMatchObject({
      carrier: "Sandbox Standard",
      tracking: expect.stringMatching(/^SS/),
    });
    expect(await book("EXPRESS")).toMatchObject({
      carrier: "Sandbox Express",
      tracking: expect.stringMatching(/^SX/),
    });
  });

  it("gives the same answer under the same key", async () => {
    expect(await book("EXPRESS")).toEqual(await book("EXPRESS"));
    expect(entryOf(orderId)).toBe("booked");
  });

  it("goes everywhere but to postcode 00000", async () => {
    expect(await book("STANDARD", "far", "00000")).toEqual({
      status: "refused",
      reason: "nobody delivers to postcode 00000",
    });
    expect(entryOf("far")).toBeUndefined();
  });

  it("books, and does not say so, for postcode 99999", async () => {
    await expect(book("STANDARD", "mute", "99999")).rejects.toThrow("did not answer");
    await expect(book("STANDARD", "mute", "99999")).rejects.toThrow("did not answer");
    expect(entryOf("mute")).toBe("booked");
  });

  it("calls off what is booked, again and again, and books nothing afterwards", async () => {
    await book("STANDARD", "one");
    for (let times = 0; times < 2; times++) await callOff("one");

    expect(entryOf("one")).toBe("called-off");
    expect(await book("STANDARD", "one")).toMatchObject({ status: "refused" });
    expect(entryOf("one")).toBe("called-off");
  });

  it("calls off what is not booked yet, also for postcode 99999", async () => {
    await callOff("two");

    expect(await book("STANDARD", "two", "99999")).toMatchObject({ status: "refused" });
    expect(entryOf("two")).toBe("called-off");
  });
});

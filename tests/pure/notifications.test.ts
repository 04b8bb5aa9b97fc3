// What notifications decides: which mails are due, and what they say.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type Correspondence,
  isAddressKnown,
  type Mail,
  mails,
  type Notice,
} from "../../apps/notifications/decisions.ts";
import { notifications } from "../../apps/notifications/service.ts";
import type { Event } from "../../shared/contracts/events.ts";
import { desk, heard, ORDER, order } from "./given.ts";

const orderId = ORDER;
const contact = { email: "ada@example.com", name: "Ada L.", currency: "EUR", totalCents: 2400 };
const created = heard("order.created", order());
const flagged = heard("risk.flagged", { orderId, score: 60, reasons: [], decideBy: 0 });
const dispatched = heard("shipment.dispatched", { orderId, carrier: "Sandbox Express", tracking: "SX1" });
const completed = heard("order.completed", { orderId });
const cancelled = heard("order.cancelled", { orderId, reason: "out-of-stock", detail: null });
const notices: Notice[] = [flagged, dispatched, completed, cancelled];

const knowing = (...known: Notice[]): Correspondence => ({ contact, notices: known });

describe("a mail", () => {
  it.each(notices)("is due at once on $type, under the fact's own id", (notice) => {
    expect(mails(knowing(notice), notice)).toMatchObject([{ id: notice.id, to: "ada@example.com" }]);
  });

  it.each(notices)("waits on $type while the customer is not known", (notice) => {
    const asked: unknown[] = [];
    const { hear } = desk(notifications, (due) => asked.push(due));

    expect(isAddressKnown({ notices: [notice] })).toBe(false);
    expect(isAddressKnown(knowing(notice))).toBe(true);
    expect(hear(notice)).toEqual([]);
    expect(asked).toEqual([]);
  });

  it("is due with the order when its notice overtook it", () => {
    const due = mails(knowing(flagged, completed), created);

    expect(due?.map(({ id }) => id)).toEqual([flagged.id, completed.id]);
  });

  it("is not due again when the next notice comes", () => {
    expect(mails(knowing(flagged, completed), completed)?.map(({ id }) => id)).toEqual([completed.id]);
  });

  it("is not due on the order alone", () => {
    expect(mails(knowing(), created)).toBeUndefined();
  });
});

describe("the wording", () => {
  const wordingOf = (notice: Notice, of: Partial<typeof contact> = {}) => {
    const [mail] = mails({ contact: { ...contact, ...of }, notices: [notice] }, notice)!;
    return mail!;
  };

  it("names the customer, the order and the total that was paid", () => {
    const { subject, text } = wordingOf(completed);

    expect(subject).toBe("Your order is complete");
    expect(text).toBe(
      `Dear Ada L.,\n\nThank you: 24.00 EUR is paid and your order is complete.\n\nOrder ${orderId}\n`,
    );
  });

  it("says why an order was cancelled in the customer's words", () => {
    expect(wordingOf(cancelled).text).toContain("(something in it is out of stock). You pay nothing.");
  });

  it.each([
    ["payment-declined", "the payment did not go through"],
    ["shipment-failed", "we could not arrange the delivery"],
    ["risk-rejected", "we could not approve it"],
    ["withdrawn", "as you asked"],
  ])("has words of its own for an order that is cancelled because of %s", (reason, words) => {
    const notice = heard("order.cancelled", { orderId, reason, detail: null });

    expect(wordingOf(notice).text).toContain(`(${words}). You pay nothing.`);
  });

  it("repeats a reason that it has no words for", () => {
    const unheardOf = heard("order.cancelled", { orderId, reason: "flood", detail: null });

    expect(wordingOf(unheardOf).text).toContain("(flood)");
  });

  it("says who has the goods and how to track them", () => {
    expect(wordingOf(dispatched).text).toContain("Sandbox Express has your goods. Tracking: SX1");
  });

  it("names the exact total, however large", () => {
    fc.assert(
      fc.property(fc.oneof(fc.nat(10_000_000), fc.maxSafeNat()), (totalCents) => {
        const digits = `${totalCents}`.padStart(3, "0");
        const total = `${digits.slice(0, -2).replace(/\B(?=(\d{3})+$)/g, ",")}.${digits.slice(-2)} EUR`;

        expect(wordingOf(completed, { totalCents }).text).toContain(` ${total} is paid`);
      }),
    );
  });
});

describe("the mails of an order", () => {
  /** Hears the events; a call fails after so many mails as `failures` has for it. Answers what was sent. */
  function deliver(events: readonly Event[], failures: number[] = []): Mail[] {
    const sent: Mail[] = [];
    const { hear, close } = desk(notifications, (due: Mail[]) => {
      const reach = failures.shift() ?? due.length;
      sent.push(...due.slice(0, reach));
      if (reach < due.length) throw new Error("the mail server is away");
    });
    let waiting = [...events];
    while (waiting.length > 0) {
      waiting = waiting.filter((event) => {
        try {
          hear(event);
          return false;
        } catch {
          return true;
        }
      });
    }
    close();
    return sent;
  }
  const idsOf = (sent: readonly Mail[]) => sent.map(({ id }) => id);

  const events: Event[] = [created, ...notices];
  const interleavings = fc
    .subarray(events, { minLength: events.length })
    .chain((all) => fc.shuffledSubarray(all, { minLength: all.length }))
    .chain((all) => fc.array(fc.constantFrom(...all), { maxLength: 6 }).map((again) => [...all, ...again]));

  it("go out exactly once each, for every interleaving with the order", () => {
    for (const stream of permutations(events)) {
      expect(idsOf(deliver(stream)).sort()).toEqual(idsOf(notices as never).sort());
    }
  });

  it("go out exactly once each when events are delivered again", () => {
    fc.assert(
      fc.property(interleavings, (stream) => {
        expect(idsOf(deliver(stream)).sort()).toEqual(idsOf(notices as never).sort());
      }),
    );
  });

  it("all go out in the end when the mail server fails on the way, and a repeat is word for word the same", () => {
    fc.assert(
      fc.property(interleavings, fc.array(fc.nat(2), { maxLength: 6 }), (stream, failures) => {
        const sent = deliver(stream, failures);

        expect([...new Set(idsOf(sent))].sort()).toEqual(idsOf(notices as never).sort());
        expect(new Set(sent.map((mail) => JSON.stringify(mail))).size).toBe(notices.length);
      }),
    );
  });

  it("go out in the order of the news when the order itself comes last", () => {
    // Ids are hashes: they do not sort by time.
    const late = [flagged, dispatched, completed].map((notice, index) => ({
      ...notice,
      id: `${orderId}.${9 - index}`,
      time: notice.time + index,
    }));

    expect(idsOf(deliver([...late, created]))).toEqual(idsOf(late as never));
  });

  it("are none for an order whose customer stays unknown", () => {
    expect(deliver(notices)).toEqual([]);
  });
});

function permutations<T>(of: readonly T[]): T[][] {
  if (of.length === 0) return [[]];
  return of.flatMap((first, index) => permutations(of.toSpliced(index, 1)).map((rest) => [first, ...rest]));
}

// What payments decides: the total is held once goods and risk allow it, then taken when the goods leave or given back.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  authorization,
  capture,
  type Payment,
  settleAuthorization,
  settleCapture,
  settleVoid,
  voiding,
} from "../../apps/payments/decisions.ts";
import type {
  Authorization,
  AuthorizeRequest,
  Capture,
  CaptureRequest,
  Void,
  VoidRequest,
} from "../../apps/payments/gateway.ts";
import { payments } from "../../apps/payments/service.ts";
import { type Event, type Fact, fact } from "../../shared/contracts/events.ts";
import { desk, heard, ORDER, order } from "./given.ts";

const orderId = ORDER;
const created = heard("order.created", order());
const reserved = heard("stock.reserved", { orderId, lines: [] });
const cleared = heard("risk.cleared", { orderId, score: 1, reasons: [], decidedBy: "RULES" });
const cancelled = heard("order.cancelled", { orderId, reason: "withdrawn", detail: null });
const dispatched = heard("shipment.dispatched", { orderId, carrier: "Sandbox Express", tracking: "SX1" });
const waived = heard("shipment.waived", { orderId });

const money = { amountCents: 2400, currency: "EUR" };
const known: Payment = {
  order: { ...money, token: "tok_approve" },
  reserved: true,
  cleared: true,
  cancelled: false,
  status: "none",
};
const held: Payment = { ...known, status: "authorized", reference: "auth_1" };
const voidIt = { call: "void", key: `void:${orderId}`, orderId };

describe("authorizing", () => {
  it.each([created, reserved, cleared])(
    "is due once order, goods and risk are known, $type being the last",
    (last) => {
      expect(authorization(known, last)).toEqual({
        call: "authorize",
        key: `authorize:${orderId}`,
        orderId,
        ...money,
        token: "tok_approve",
      });
    },
  );

  it.each(["order", "reserved", "cleared"] as const)("waits while %s is missing", (missing) => {
    const { [missing]: _, ...rest } = known;

    expect(authorization({ reserved: false, cleared: false, ...rest }, cleared)).toBeUndefined();
  });

  it.each(["authorized", "declined", "captured", "voided"] as const)(
    "is over once the payment is %s",
    (status) => {
      expect(authorization({ ...known, status }, cleared)).toBeUndefined();
    },
  );

  it("turns into a void when the cancellation came first: the gateway may have been asked before a crash", () => {
    expect(authorization({ ...known, cancelled: true }, cleared)).toEqual(voidIt);
  });

  it("says what is held, and under which reference", () => {
    expect(settleAuthorization(known, cleared, { status: "authorized", reference: "auth_1" })).toEqual([
      fact("payment.authorized", { orderId, reference: "auth_1", ...money }),
    ]);
  });

  it("says why the gateway declined", () => {
    expect(settleAuthorization(known, cleared, { status: "declined", reason: "no funds" })).toEqual([
      fact("payment.declined", { orderId, reason: "no funds" }),
    ]);
  });

  it("says nothing when nothing was asked", () => {
    expect(settleAuthorization({ ...known, reserved: false }, cleared)).toEqual([]);
  });
});

describe("capturing", () => {
  it.each([dispatched, waived])("takes the total when the goods leave, on $type", (departure) => {
    expect(capture(held, departure)).toEqual({
      call: "capture",
      key: `capture:${orderId}`,
      orderId,
      reference: "auth_1",
      amountCents: 2400,
    });
    expect(settleCapture(held, departure, { status: "captured", reference: "auth_1" })).toEqual([
      fact("payment.captured", { orderId, reference: "auth_1", ...money }),
    ]);
  });

  it("is over once the total is taken", () => {
    expect(capture({ ...held, status: "captured" }, dispatched)).toBeUndefined();
    expect(settleCapture({ ...held, status: "captured" }, dispatched)).toEqual([]);
  });

  it.each(["none", "declined", "voided"] as const)(
    "has no answer to goods leaving when the payment is %s",
    (status) => {
      expect(() => capture({ ...known, status }, dispatched)).toThrow("left without an authorization");
    },
  );
});

describe("voiding", () => {
  it("gives back what is held when the order is cancelled", () => {
    expect(voiding(held, cancelled)).toEqual(voidIt);
    expect(settleVoid(held, cancelled, { status: "voided", reference: "auth_1" })).toEqual([
      fact("payment.voided", { orderId, reference: "auth_1", ...money }),
    ]);
  });

  it("asks the gateway when it may hold money that payments never heard of", () => {
    expect(voiding(known, cancelled)).toEqual(voidIt);
  });

  it("says nothing when the gateway holds nothing", () => {
    expect(settleVoid(known, cancelled, { status: "nothing-held" })).toEqual([]);
  });

  it.each(["order", "reserved", "cleared"] as const)(
    "asks nothing while %s is missing: nothing can be held",
    (missing) => {
      const { [missing]: _, ...rest } = known;

      expect(voiding({ reserved: false, cleared: false, ...rest }, cancelled)).toBeUndefined();
    },
  );

  it.each(["declined", "captured", "voided"] as const)("asks nothing when the payment is %s", (status) => {
    expect(voiding({ ...known, status }, cancelled)).toBeUndefined();
  });
});

describe("an order's money, whatever is heard in whatever order", () => {
  const prerequisites: Event[] = [created, reserved, cleared];
  const tokens = fc.constantFrom("tok_approve", "tok_decline");
  const stream = (...news: Event[]) =>
    fc.array(
      fc.record({
        news: fc.constantFrom(...news),
        // A call may reach the gateway and its answer be lost, as it is when the service is killed meanwhile.
        answerLost: fc.boolean(),
      }),
      { maxLength: 14 },
    );

  it("is never taken for a cancelled order, nor given back once taken", () => {
    fc.assert(
      fc.property(tokens, stream(...prerequisites, cancelled, dispatched, waived), (token, deliveries) => {
        const story = new Story(token);
        for (const { news } of deliveries) story.hear(news);
        story.check();
        story.close();
      }),
      { numRuns: 300 },
    );
  });

  it("stays held for nobody when answers of the gateway are lost, whether the order is cancelled or the goods leave", () => {
    const cancellations = stream(...prerequisites, cancelled);
    const departures = stream(...prerequisites, dispatched);
    fc.assert(
      fc.property(tokens, fc.oneof(cancellations, departures), (token, deliveries) => {
        const story = new Story(token);
        for (const { news, answerLost } of deliveries) story.hear(news, answerLost);
        // What was not acknowledged comes again until it is.
        for (const { news } of deliveries) story.hear(news);
        story.check();
        story.close();
      }),
      { numRuns: 300 },
    );
  });

  /** One order at payments and in the gateway's books. */
  class Story {
    readonly gateway = new Books();
    readonly #created: Event;
    readonly #desk = desk(payments, (request: Request) => {
      if (request.call === "capture" && this.#known.has(cancelled)) this.#tookFromCancelled = true;
      const answer = this.gateway.take(request);
      if (this.#answerLost) throw new Error("the answer was lost");
      return answer;
    });
    readonly #said: Fact[] = [];
    readonly #known = new Set<Event>();
    #answerLost = false;
    #tookFromCancelled = false;

    constructor(paymentToken: string) {
      this.#created = heard("order.created", order({ paymentToken }));
    }

    hear(news: Event, answerLost = false): void {
      this.#answerLost = answerLost;
      try {
        this.#said.push(...this.#desk.hear(news === created ? this.#created : news));
        this.#known.add(news);
      } catch (error) {
        const { message } = error as Error;
        // Goods that leave without an authorization are a bug of somebody's; no money may move on it.
        if (!message.includes("left without an authorization")) expect(message).toBe("the answer was lost");
      }
    }

    check(): void {
      const { requests, status } = this.gateway;
      const calls = requests.map(({ call }) => call);
      expect(requests.map(({ call, key }) => `${call} ${key}`)).toEqual(
        requests.map(({ call }) => `${call} ${call}:${orderId}`),
      );
      // The same key always asks for the same thing.
      expect(new Set(requests.map((request) => JSON.stringify(request))).size).toBe(new Set(calls).size);

      expect(this.#tookFromCancelled).toBe(false);
      expect(calls.includes("capture") && calls.includes("void")).toBe(false);
      if (this.#known.has(cancelled)) expect(status).not.toBe("held");

      const said = this.#said.map(({ type }) => type).join(" ");
      expect(LIVES).toContain(said);
      if (said.endsWith("captured")) expect(status).toBe("captured");
      if (said.endsWith("authorized")) expect(status).toBe("held");
      for (const { data } of this.#said) if ("amountCents" in data) expect(data).toMatchObject(money);
    }

    close(): void {
      this.#desk.close();
    }
  }

  /** All that payments may ever say of one order. */
  const LIVES = [
    "",
    "payment.declined",
    "payment.authorized",
    "payment.authorized payment.captured",
    "payment.authorized payment.voided",
    // The answer to the authorization was lost, and the cancellation came before it could be asked again.
    "payment.voided",
  ];
});

type Request = AuthorizeRequest | CaptureRequest | VoidRequest;

/** The gateway's books of one order, kept by the rules of its interface. */
class Books {
  readonly requests: Request[] = [];
  status: "nothing" | "held" | "declined" | "captured" | "voided" | "closed" = "nothing";

  take(request: Request): Authorization | Capture | Void {
    this.requests.push(request);
    const reference = "auth_1";
    switch (request.call) {
      case "authorize":
        if (this.status === "nothing") this.status = request.token === "tok_approve" ? "held" : "declined";
        return this.status === "held" || this.status === "captured"
          ? { status: "authorized", reference }
          : { status: "declined", reason: "the card was declined" };
      case "capture":
        if (this.status !== "held" && this.status !== "captured")
          throw new Error("nothing is held to be captured");
        this.status = "captured";
        return { status: "captured", reference };
      case "void":
        if (this.status === "nothing") this.status = "closed";
        if (this.status === "held") this.status = "voided";
        return this.status === "voided" ? { status: "voided", reference } : { status: "nothing-held" };
    }
  }
}

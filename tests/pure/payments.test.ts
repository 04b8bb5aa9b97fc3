// What payments decides: the total is held once goods and risk allow it, then taken when the goods leave or given back.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  authorization,
  capture,
  giveUp,
  isCleared,
  isPlaced,
  isReserved,
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
import { type LedgerEntry, sandboxGateway } from "../../apps/payments/sandbox.ts";
import { payments } from "../../apps/payments/service.ts";
import { type Event, type Fact, fact } from "../../shared/contracts/events.ts";
import { openDatabase } from "../../shared/service/database.ts";
import { desk, heard, NO_ANSWER, ORDER, order } from "./given.ts";

const orderId = ORDER;
const policy = { gatewayMs: 60_000 };
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
    const isKnown = { order: isPlaced, reserved: isReserved, cleared: isCleared }[missing];

    expect(isKnown({ reserved: false, cleared: false, ...rest })).toBe(false);
    expect(isKnown(known)).toBe(true);
  });

  it("asks the gateway once, with the last of the three", () => {
    for (const events of permutations([created, reserved, cleared])) {
      const requests: Request[] = [];
      const { hear, close } = desk(payments(policy), (request: Request) => {
        requests.push(request);
        return { status: "authorized", reference: "auth_1" };
      });

      const said = events.map((event) => hear(event).length);
      for (const event of events) hear(event);

      expect(said).toEqual([0, 0, 1]);
      expect(requests).toHaveLength(1);
      close();
    }
  });

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

  it.each(["none", "declined", "unanswered", "captured", "voided"] as const)(
    "has no answer to goods leaving when the payment is %s",
    (status) => {
      expect(() => capture({ ...known, status }, dispatched)).toThrow("left without an authorization");
    },
  );
});

describe("a gateway that does not answer", () => {
  it.each([created, reserved, cleared])(
    "is given up, and the payment is declined by the deadline, $type being the last",
    (last) => {
      expect(giveUp(known, last)).toEqual([
        fact("payment.declined", {
          orderId,
          reason: "the gateway did not answer in time",
          decidedBy: "DEADLINE",
        }),
      ]);
    },
  );

  it("is asked for the void of a cancelled order for as long as that takes", () => {
    expect(giveUp({ ...known, cancelled: true }, cleared)).toBeUndefined();
  });

  it("is asked to give back what it may hold all the same, once the order is cancelled", () => {
    for (const [answer, said] of [
      [{ status: "voided", reference: "auth_1" }, ["payment.voided"]],
      [{ status: "nothing-held" }, []],
    ] as const) {
      const { hear, store, close } = desk(payments(policy), ({ call }: Request) =>
        call === "void" ? answer : NO_ANSWER,
      );

      for (const event of [created, reserved]) hear(event);
      expect(hear(cleared)).toMatchObject([{ type: "payment.declined", data: { decidedBy: "DEADLINE" } }]);
      expect(store.find(orderId).status).toBe("unanswered");
      expect(hear(cancelled).map(({ type }) => type)).toEqual(said);
      close();
    }
  });
});

describe("voiding", () => {
  it("gives back what is held when the order is cancelled", () => {
    expect(voiding(held, cancelled)).toEqual(voidIt);
    expect(settleVoid(held, cancelled, { status: "voided", reference: "auth_1" })).toEqual([
      fact("payment.voided", { orderId, reference: "auth_1", ...money }),
    ]);
  });

  it("asks the gateway when it never said whether it holds the amount", () => {
    expect(voiding({ ...known, status: "unanswered" }, cancelled)).toEqual(voidIt);
  });

  it("says nothing when the gateway holds nothing", () => {
    expect(settleVoid(known, cancelled, { status: "nothing-held" })).toEqual([]);
  });

  it.each(["none", "declined", "captured", "voided"] as const)(
    "asks nothing when the payment is %s",
    (status) => {
      expect(voiding({ ...known, status }, cancelled)).toBeUndefined();
    },
  );
});

describe("an order's money, whatever is heard in whatever order", () => {
  const prerequisites: Event[] = [created, reserved, cleared];
  const tokens = fc.constantFrom("tok_approve", "tok_decline");
  const stream = (...news: Event[]) =>
    fc.array(
      fc.record({
        news: fc.constantFrom(...news),
        // A call may reach the gateway and its answer be lost, as it is when the service is killed meanwhile; and it
        // may be that there is no more time to ask again.
        fate: fc.constantFrom<Fate>("answered", "lost", "given up"),
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
        for (const { news, fate } of deliveries) story.hear(news, fate);
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
    readonly #desk = desk(payments(policy), (request: Request) => {
      if (request.call === "capture" && this.#known.has(cancelled)) this.#tookFromCancelled = true;
      const answer = this.gateway.take(request);
      if (this.#fate === "lost") throw new Error("the answer was lost");
      return this.#fate === "given up" ? NO_ANSWER : answer;
    });
    readonly #said: Fact[] = [];
    readonly #known = new Set<Event>();
    #fate: Fate = "answered";
    #tookFromCancelled = false;

    constructor(paymentToken: string) {
      this.#created = heard("order.created", order({ paymentToken }));
    }

    hear(news: Event, fate: Fate = "answered"): void {
      this.#fate = fate;
      try {
        this.#said.push(...this.#desk.hear(news === created ? this.#created : news));
        this.#known.add(news);
      } catch (error) {
        const { message } = error as Error;
        // Goods that leave without an authorization are a bug of somebody's; no money may move on it.
        if (!message.includes("left without an authorization"))
          expect(message).toMatch(/the answer was lost|has to go on until it is answered/);
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
    // The answer never came, but the gateway held the amount.
    "payment.declined payment.voided",
  ];
});

describe("the sandbox gateway", () => {
  const db = openDatabase(":memory:");
  const gateway = sandboxGateway(db);
  const { signal } = new AbortController();
  const authorize = (token: string) =>
    gateway.authorize(
      { call: "authorize", key: `authorize:${token}`, orderId: token, token, ...money },
      signal,
    );
  const voidOf = (token: string) =>
    gateway.void({ call: "void", key: `void:${token}`, orderId: token }, signal);
  const entryOf = (token: string) =>
    db.prepare("SELECT * FROM ledger WHERE order_id = ?").get(token) as LedgerEntry | undefined;

  it("is never reached under tok_unreachable, and then holds nothing", async () => {
    for (let times = 0; times < 3; times++)
      await expect(authorize("tok_unreachable")).rejects.toThrow("timed out");

    expect(entryOf("tok_unreachable")).toBeUndefined();
    expect(await voidOf("tok_unreachable")).toEqual({ status: "nothing-held" });
  });

  it("holds the amount under tok_silent, never says so, and gives it back when asked", async () => {
    for (let times = 0; times < 3; times++)
      await expect(authorize("tok_silent")).rejects.toThrow("timed out");
    expect(entryOf("tok_silent")).toMatchObject({ status: "authorized", amount_cents: 2400 });

    expect(await voidOf("tok_silent")).toMatchObject({ status: "voided" });
    expect(await voidOf("tok_silent")).toMatchObject({ status: "voided" });
    expect(await authorize("tok_silent")).toMatchObject({ status: "declined" });
    expect(entryOf("tok_silent")?.status).toBe("voided");
  });
});

type Fate = "answered" | "lost" | "given up";

function permutations<T>(of: readonly T[]): T[][] {
  if (of.length === 0) return [[]];
  return of.flatMap((first, index) => permutations(of.toSpliced(index, 1)).map((rest) => [first, ...rest]));
}

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

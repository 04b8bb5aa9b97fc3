// The branches of the flow that a person, a customer or the clock decides, over the real stack.

import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { bookOf, brokenIn, ledgerOf } from "../support/invariants.ts";
import { type Mailbox, openMailbox } from "../support/mailbox.ts";
import { anOrder, type Placement } from "../support/order.ts";
import { TestStack } from "../support/stack.ts";

/** Long enough for a busy machine to get there before the deadline strikes. */
const ANSWER_WITHIN_MS = 4_000;
const REVIEW_WITHIN_MS = 4_000;

let mailbox: Mailbox;
let shop: TestStack;
let placed: string[];

/** Begins a shop of its own for a group of tests; in the end everything about all of its orders has to be well. */
function open(policy: NodeJS.ProcessEnv): void {
  beforeAll(async () => {
    mailbox = await openMailbox();
    shop = await TestStack.start({ SMTP_URL: mailbox.url, SEED: "none", ...policy });
    placed = [];
    await shop.stockUp("TEA-001", 1_000);
  });

  afterAll(async () => {
    await shop?.stop();
    await mailbox?.close();
  });

  beforeEach(() => shop.explainFailure());
}

async function place(change: Partial<Placement> = {}): Promise<string> {
  const orderId = await shop.place(change);
  placed.push(orderId);
  return orderId;
}

/** Places an order that waits for a person, and waits until it does, or has ended since its deadline was short. */
async function placeLarge(change: Partial<Placement> = {}): Promise<string> {
  const orderId = await place({
    lines: [{ sku: "TEA-001", quantity: 4, unitPriceCents: 50_000 }],
    ...change,
  });
  await shop.until("it is shown in review", async () =>
    ["in-review", "cancelled"].includes(await statusOf(orderId)) ? true : undefined,
  );
  return orderId;
}

async function statusOf(orderId: string): Promise<string> {
  return (await shop.get("orders", `/orders/${orderId}`)).body.status;
}

const to = (postcode: string) => ({ shipTo: { ...anOrder().shipTo, postcode } });

function review(orderId: string, decision: "approve" | "reject", note?: string) {
  return shop.post("risk", `/reviews/${orderId}`, { decision, note });
}

function cancel(orderId: string, reason?: string) {
  return shop.post("orders", `/orders/${orderId}/cancellation`, { reason });
}

async function openReviews(): Promise<string[]> {
  const { body } = await shop.get("risk", "/reviews?limit=500");
  return body.reviews.map(({ orderId }: { orderId: string }) => orderId);
}

/** Waits until the flow has said all of `facts` about the order, and nothing else. */
async function expectFacts(orderId: string, facts: string[]): Promise<void> {
  const seen = async () =>
    (await shop.flow())
      .filter(({ key }) => key === orderId)
      .map(({ type }) => type)
      .sort();
  await shop
    .until("the last fact is said", async () => ((await seen()).length >= facts.length ? true : undefined))
    .catch(() => {});
  expect(await seen()).toEqual([...facts].sort());
}

async function expectMail(orderId: string, subject: string, words: string): Promise<void> {
  const mail = await shop.until(`the mail "${subject}" is there`, async () =>
    mailbox.mails.find((one) => one.subject === subject && one.text?.includes(orderId)),
  );
  expect(mail.text).toContain(words);
}

/** Everything that FLOW.md asks for, once nothing is reserved or booked for nobody any more. */
async function expectWell(): Promise<void> {
  for (const orderId of placed) await shop.ended(orderId);
  expect(await brokenIn(shop, placed, mailbox)).toEqual([]);
}

describe("an order that waits for a person", () => {
  open({});

  test("is completed once the person approves it", async () => {
    const orderId = await placeLarge();
    expect(await openReviews()).toContain(orderId);
    await expectMail(orderId, "Your order is being reviewed", "a closer look at your order");

    const { status, body } = await review(orderId, "approve", "a customer of many years");

    expect({ status, body }).toEqual({ status: 200, body: { orderId, status: "cleared" } });
    expect(await openReviews()).not.toContain(orderId);
    expect(await shop.ended(orderId)).toMatchObject({ status: "completed", totalCents: 200_000 });
    await expectFacts(orderId, [
      "order.created",
      "stock.reserved",
      "risk.flagged",
      "risk.cleared",
      "payment.authorized",
      "shipment.dispatched",
      "stock.committed",
      "payment.captured",
      "order.completed",
    ]);
    expect((await review(orderId, "reject")).status).toBe(409);
  });

  test("on a trial plan is collected in person once it is approved", async () => {
    const orderId = await placeLarge({ plan: "TRIAL", ...to("00000") });
    await review(orderId, "approve");

    expect(await shop.ended(orderId)).toMatchObject({ status: "completed" });
    expect((await shop.flow()).filter(({ type }) => type === "shipment.waived")).toMatchObject([
      { key: orderId },
    ]);
  });

  test("is cancelled in the person's words when it is rejected, its goods are released, and the customer hears of it", async () => {
    const orderId = await placeLarge();

    const { status, body } = await review(orderId, "reject", "a stolen card");

    expect({ status, body }).toEqual({ status: 200, body: { orderId, status: "rejected" } });
    expect(await shop.ended(orderId)).toMatchObject({
      status: "cancelled",
      reason: "risk-rejected",
      detail: "a stolen card",
    });
    await expectFacts(orderId, [
      "order.created",
      "stock.reserved",
      "risk.flagged",
      "risk.rejected",
      "order.cancelled",
      "stock.released",
    ]);
    await expectMail(orderId, "Your order was cancelled", "we could not approve it");
  });

  test("is cancelled when the customer wants that, and no person is asked any more", async () => {
    const orderId = await placeLarge();

    const { status, body } = await cancel(orderId, "ordered by mistake");

    expect({ status, body }).toMatchObject({
      status: 202,
      body: { orderId, status: "in-review", cancellationRequested: true },
    });
    expect(await shop.ended(orderId)).toMatchObject({
      status: "cancelled",
      reason: "withdrawn",
      detail: "ordered by mistake",
    });
    await expectFacts(orderId, [
      "order.created",
      "stock.reserved",
      "risk.flagged",
      "order.cancellation-requested",
      "shipment.withdrawn",
      "order.cancelled",
      "stock.released",
    ]);
    await shop.until("the review is closed", async () =>
      (await openReviews()).includes(orderId) ? undefined : true,
    );
    expect((await review(orderId, "approve")).status).toBe(409);
    await expectMail(orderId, "Your order was cancelled", "as you asked");
  });

  test("ends once when the person approves it while the customer cancels it", async () => {
    const ids = await Promise.all(Array.from({ length: 8 }, () => placeLarge()));
    await Promise.all(ids.flatMap((id) => [review(id, "approve"), cancel(id)]));

    for (const id of ids) expect(["completed", "cancelled"]).toContain((await shop.ended(id)).status);
  });

  test("leaves all well", expectWell);
});

describe("a review that nobody does", () => {
  open({ RISK_REVIEW_DEADLINE_MS: `${REVIEW_WITHIN_MS}` });

  /** The order is cancelled by the deadline, once, and not before its time. */
  async function expectExpired(orderId: string): Promise<void> {
    expect(await shop.ended(orderId)).toMatchObject({
      status: "cancelled",
      reason: "risk-rejected",
      detail: "nobody reviewed it in time",
    });
    await expectFacts(orderId, [
      "order.created",
      "stock.reserved",
      "risk.flagged",
      "risk.rejected",
      "order.cancelled",
      "stock.released",
    ]);
    const flow = (await shop.flow()).filter(({ key }) => key === orderId);
    const flagged = flow.find(({ type }) => type === "risk.flagged")!;
    const rejected = flow.find(({ type }) => type === "risk.rejected")!;
    expect(flagged.data).toMatchObject({ decideBy: flow[0]!.time + REVIEW_WITHIN_MS });
    expect(rejected.data).toMatchObject({ decidedBy: "DEADLINE", note: null });
    expect(rejected.time).toBeGreaterThanOrEqual(flow[0]!.time + REVIEW_WITHIN_MS);
  }

  test("ends in a cancellation, in its time", async () => {
    const orderId = await placeLarge();

    await expectExpired(orderId);
    expect(await openReviews()).toEqual([]);
    expect((await review(orderId, "approve")).status).toBe(409);
    await expectMail(orderId, "Your order was cancelled", "we could not approve it");
  });

  test("ends all the same when risk is killed while the order waits, and when its time comes while risk is away", async () => {
    const risk = shop.stack.services.get("risk")!;
    const { deaths } = risk;
    const killed = await placeLarge();
    risk.signal("SIGKILL");
    await expectExpired(killed);
    await shop.until("risk has died", async () => (risk.deaths === deaths + 1 ? true : undefined));

    // On a busy machine the deadline may strike before risk is down: then another order is placed.
    const missed = await shop.until("an order outlasts its time", async () => {
      const orderId = await placeLarge();
      await risk.fell();
      await new Promise((resolve) => setTimeout(resolve, REVIEW_WITHIN_MS));
      const status = await statusOf(orderId).finally(() => risk.start());
      return status === "in-review" ? orderId : undefined;
    });
    await expectExpired(missed);
  });

  test("ends many waits, each once", async () => {
    const ids = await Promise.all(Array.from({ length: 20 }, () => placeLarge()));

    for (const id of ids) await expectExpired(id);
  });

  test("leaves all well", expectWell);
});

describe("a customer's cancellation", () => {
  open({});

  test("comes in time while the gateway is waited for: the payment is voided, and nothing is sent", async () => {
    const orderId = await place({ paymentToken: "tok_silent" });
    await shop.until("the gateway holds the money", async () =>
      ledgerOf(shop).find(({ order_id }) => order_id === orderId),
    );
    expect((await cancel(orderId)).status).toBe(202);

    expect(await shop.ended(orderId)).toMatchObject({ status: "cancelled", reason: "withdrawn" });
    await shop.until("nothing is held", async () =>
      ledgerOf(shop).some(({ order_id, status }) => order_id === orderId && status !== "authorized")
        ? true
        : undefined,
    );
    const said = (await shop.flow()).filter(({ key }) => key === orderId).map(({ type }) => type);
    expect(said).toContain("shipment.withdrawn");
    expect(said).not.toContain("shipment.dispatched");
  });

  test("comes too late once the goods have left: the order is completed", async () => {
    const orderId = await place();
    await shop.until("the goods have left", async () =>
      (await shop.flow()).find(({ type, key }) => type === "shipment.dispatched" && key === orderId),
    );
    const { status } = await cancel(orderId);

    expect([202, 409]).toContain(status);
    expect(await shop.ended(orderId)).toMatchObject({ status: "completed" });
    expect((await cancel(orderId)).status).toBe(409);
  });

  test("is one wish, however often it comes", async () => {
    const orderId = await placeLarge();
    // Who decides on the first wish waits until all of them are there: the order would end in between.
    const shipping = shop.stack.services.get("shipping")!;
    shipping.signal("SIGSTOP");
    const answers = await Promise.all([cancel(orderId), cancel(orderId), cancel(orderId, "really")]).finally(
      () => shipping.signal("SIGCONT"),
    );

    expect(answers.map(({ status }) => status)).toEqual([202, 202, 202]);
    expect(await shop.ended(orderId)).toMatchObject({ reason: "withdrawn" });
    const wishes = (await shop.flow()).filter(({ type }) => type === "order.cancellation-requested");
    expect(wishes.filter(({ key }) => key === orderId)).toHaveLength(1);
  });

  test("ends every order once, whenever it comes", async () => {
    const ids = await Promise.all(
      Array.from({ length: 24 }, async (_, n) => {
        const orderId = await place(n % 3 === 0 ? { plan: "TRIAL" } : {});
        await new Promise((resolve) => setTimeout(resolve, n * 4));
        await cancel(orderId);
        return orderId;
      }),
    );

    for (const id of ids) expect(["completed", "cancelled"]).toContain((await shop.ended(id)).status);
  });

  test("leaves all well", expectWell);
});

describe("a carrier", () => {
  open({});

  test("that does not go there cancels the order, and everything is given back", async () => {
    const orderId = await place(to("00000"));

    expect(await shop.ended(orderId)).toMatchObject({
      status: "cancelled",
      reason: "shipment-failed",
      detail: "nobody delivers to postcode 00000",
    });
    await expectFacts(orderId, [...PAID, "shipment.failed", "order.cancelled", ...GIVEN_BACK]);
    expect(ledgerOf(shop)).toContainEqual(expect.objectContaining({ order_id: orderId, status: "voided" }));
  });

  test("is not asked about an order on a trial plan: nobody is booked", async () => {
    const orderId = await place({ plan: "TRIAL", ...to("99999") });

    expect(await shop.ended(orderId)).toMatchObject({ status: "completed" });
    expect(bookOf(shop).filter(({ order_id }) => order_id === orderId)).toEqual([]);
  });

  test("that books, and never says so, is waited for until the customer cancels: the order ends, and the booking is called off", async () => {
    const orderId = await place(to("99999"));
    await shop.until("the carrier has booked", async () =>
      bookOf(shop).find(({ order_id }) => order_id === orderId),
    );
    await cancel(orderId);

    expect(await shop.ended(orderId)).toMatchObject({ status: "cancelled", reason: "withdrawn" });
    await shop.until("the booking is called off", async () =>
      bookOf(shop).find(({ order_id, status }) => order_id === orderId && status === "called-off"),
    );
  });

  test("leaves all well", expectWell);
});

describe("no answer at all", () => {
  open({ GATEWAY_DEADLINE_MS: `${ANSWER_WITHIN_MS}`, CARRIER_DEADLINE_MS: `${ANSWER_WITHIN_MS}` });

  test("of a carrier that books, and never says so, cancels the order, and the booking is called off", async () => {
    const orderId = await place(to("99999"));

    expect(await shop.ended(orderId)).toMatchObject({
      status: "cancelled",
      reason: "shipment-failed",
      detail: "the carrier did not answer in time",
    });
    await expectFacts(orderId, [...PAID, "shipment.failed", "order.cancelled", ...GIVEN_BACK]);
    expect(ledgerOf(shop)).toContainEqual(expect.objectContaining({ order_id: orderId, status: "voided" }));
    await shop.until("the booking is called off", async () =>
      bookOf(shop).find(({ order_id, status }) => order_id === orderId && status === "called-off"),
    );
  });

  test("of a gateway that nobody reaches cancels the order, and nothing is held", async () => {
    const orderId = await place({ paymentToken: "tok_unreachable" });

    expect(await shop.ended(orderId)).toMatchObject({
      status: "cancelled",
      reason: "payment-declined",
      detail: "the gateway did not answer in time",
    });
    await expectFacts(orderId, [...ACCEPTED, "payment.declined", "order.cancelled", "stock.released"]);
  });

  test("of a gateway that holds the money, and never says so, cancels the order, and the money is given back", async () => {
    const orderId = await place({ paymentToken: "tok_silent" });

    expect(await shop.ended(orderId)).toMatchObject({ status: "cancelled", reason: "payment-declined" });
    await expectFacts(orderId, [...ACCEPTED, "payment.declined", "order.cancelled", ...GIVEN_BACK]);
    expect(ledgerOf(shop)).toContainEqual(expect.objectContaining({ order_id: orderId, status: "voided" }));
    expect((await shop.get("payments", `/payments/${orderId}`)).body).toMatchObject({ status: "voided" });
  });

  test("is waited for in the whole time there is, also when payments and shipping are killed meanwhile", async () => {
    const ids = await Promise.all([place({ paymentToken: "tok_silent" }), place(to("99999"))]);
    for (const name of ["payments", "shipping"]) shop.stack.services.get(name)!.signal("SIGKILL");

    for (const id of ids) {
      expect(await shop.ended(id)).toMatchObject({ status: "cancelled" });
      const flow = (await shop.flow()).filter(({ key }) => key === id);
      const given = flow.find(({ data }) => "decidedBy" in data && data.decidedBy === "DEADLINE")!;
      const cause = flow.find(({ id: cause }) => cause === given.causationId)!;
      expect(given.time - cause.time).toBeGreaterThanOrEqual(ANSWER_WITHIN_MS);
    }
  });

  test("leaves all well", expectWell);
});

const ACCEPTED = ["order.created", "stock.reserved", "risk.cleared"];
const PAID = [...ACCEPTED, "payment.authorized"];
const GIVEN_BACK = ["stock.released", "payment.voided"];

// The world outside in the flow check: a gateway, a carrier and a post office, each with everything that it may do.

import type { Outside, Request, Response } from "../../shared/flow/check/scenario.ts";

/** What there may be in a request. */
interface Asked {
  readonly key?: string;
  readonly orderId?: string;
  readonly amountCents?: number;
  readonly currency?: string;
  readonly token?: string;
  readonly reference?: string;
  readonly priority?: string;
  readonly shipTo?: object;
}

interface Mail {
  readonly id: string;
  readonly to: string;
  readonly subject: string;
  readonly text: string;
}

/** What their books say of one order. */
export interface World {
  readonly money: "held" | "declined" | "captured" | "voided" | "closed" | null;
  /** What the gateway knows the money by that it held. */
  readonly reference: string | null;
  readonly booking: "booked" | "refused" | "called-off" | null;
  /** Who brings the goods, and how to follow them, while they are booked. */
  readonly waybill: Waybill | null;
  /** What was asked for, by method: whoever asks again has to ask for the same, under the same key. */
  readonly asked: Readonly<Record<string, Asked>>;
  /** The mails that were taken, by the id of their fact: once for each time, twice at most. */
  readonly mails: Readonly<Record<string, readonly Mail[]>>;
  /** What nobody should have asked for. */
  readonly misuse: string | null;
}

export interface Waybill {
  readonly carrier: string;
  readonly tracking: string;
}

export const outside: Outside<World> = {
  start: { money: null, reference: null, booking: null, waybill: null, asked: {}, mails: {}, misuse: null },

  respond(before: World, { method, request }: Request, orderId: string): readonly Response<World>[] {
    if (method === "send") return send(before, request as Mail);

    const asked = request as Asked;
    const wrong = misuse(before, method, asked, orderId);
    if (wrong) return [way({ ...before, misuse: wrong }, undefined, wrong)];
    const world = { ...before, asked: sorted({ ...before.asked, [method]: asked }) };
    switch (method) {
      case "authorize":
        return authorize(world, orderId);
      case "capture":
        return capture(world, asked);
      case "void":
        return voided(world);
      case "book":
        return book(world, orderId);
      case "callOff":
        return [
          way({ ...world, booking: "called-off", waybill: null }, undefined, "the carrier calls it off"),
        ];
      default:
        throw new Error(`nobody outside knows how to ${method}`);
    }
  },
};

/** Why nobody should ask for this. */
function misuse({ asked }: World, method: string, request: Asked, orderId: string): string | undefined {
  const { key } = request;
  const earlier = asked[method];
  const other = Object.keys(asked).find((one) => one !== method && asked[one]!.key === key);
  if (request.orderId !== orderId) return `${method} is asked for on behalf of ${request.orderId}`;
  if (!key?.endsWith(`:${orderId}`))
    return `${method} is asked for under ${key}, a key of other orders as well`;
  if (other) return `${method} is asked for under the key of ${other}`;
  if (earlier && JSON.stringify(earlier) !== JSON.stringify(request))
    return `${method} is asked for twice, and not for the same`;
  return undefined;
}

function authorize(world: World, orderId: string): Response<World>[] {
  const reference = `auth_${orderId}`;
  const held = way(
    { ...world, money: "held" as const, reference },
    { status: "authorized", reference },
    "the gateway holds the money",
  );
  const declined = (money: "declined" | "voided" | "closed") =>
    way({ ...world, money }, { status: "declined", reason: "no" }, "the gateway declines");

  if (!world.money) return [held, declined("declined")];
  if (world.money === "held") return [held];
  // A request that comes late: its key is known, and so it has no second effect.
  if (world.money === "captured") return [way(world, undefined, "the gateway has done that before")];
  return [declined(world.money)];
}

function capture(world: World, { amountCents, reference }: Asked): Response<World>[] {
  const isHeld = world.money === "held" || world.money === "captured";
  const held = isHeld ? world.asked.authorize?.amountCents : 0;
  const wrong =
    held !== amountCents
      ? `${amountCents} cents are to be taken, and ${held} are held`
      : reference !== world.reference &&
        "money is to be taken under a reference that the gateway does not know";
  if (wrong) return [way({ ...world, misuse: wrong }, undefined, wrong)];
  return [way({ ...world, money: "captured" }, { status: "captured", reference }, "the money is taken")];
}

function voided(world: World): Response<World>[] {
  switch (world.money) {
    case "captured": {
      const misuse = "money is to be given back after it was taken";
      return [way({ ...world, misuse }, undefined, misuse)];
    }
    case "held":
    case "voided": {
      const answer = { status: "voided", reference: world.reference };
      return [way({ ...world, money: "voided" }, answer, "the gateway gives the money back")];
    }
    default: {
      const money = world.money ?? "closed";
      return [
        way({ ...world, money }, { status: "nothing-held" }, "the gateway holds nothing, and never will"),
      ];
    }
  }
}

function book(world: World, orderId: string): Response<World>[] {
  const waybill = { carrier: "Check Express", tracking: `CE-${orderId}` };
  const booked = way(
    { ...world, booking: "booked" as const, waybill },
    { status: "booked", ...waybill },
    "the carrier books it",
  );
  const refused = (booking: "refused" | "called-off") =>
    way({ ...world, booking }, { status: "refused", reason: "no" }, "the carrier refuses");

  if (!world.booking) return [booked, refused("refused")];
  return [world.booking === "booked" ? booked : refused(world.booking)];
}

function send(world: World, { id, to, subject, text }: Mail): Response<World>[] {
  const sent = [...(world.mails[id] ?? []), { id, to, subject, text }].slice(0, 2);
  const mails = sorted({ ...world.mails, [id]: sent });
  return [way({ ...world, mails }, undefined, `mailed: ${subject}`)];
}

function way(world: World, answer: unknown, told: string): Response<World> {
  return { world, answer, told };
}

/** The same things in the order of their names: however they came, it is the same world. */
function sorted<T>(things: Readonly<Record<string, T>>): Record<string, T> {
  return Object.fromEntries(Object.entries(things).sort(([one], [other]) => (one < other ? -1 : 1)));
}

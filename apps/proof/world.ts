// The world outside in the flow check: a gateway, a carrier and a post office, each with everything that it may do.

import type { Outside, Request, Response } from "../../shared/flow/check/scenario.ts";

/** What is of interest in a request. */
interface Asked {
  readonly amountCents?: number;
  readonly priority?: string;
  readonly shipTo?: object;
}

/** What their books say of one order. */
export interface World {
  readonly money: "held" | "declined" | "captured" | "voided" | "closed" | null;
  readonly booking: "booked" | "refused" | "called-off" | null;
  /** What was first asked for: whoever asks again has to ask for the same. */
  readonly authorize: Asked | null;
  readonly book: Asked | null;
  /** The mails that were taken, by the id of their fact: the subject, once for each time, twice at most. */
  readonly mails: Readonly<Record<string, readonly string[]>>;
  /** What nobody should have asked for. */
  readonly misuse: string | null;
}

export const outside: Outside<World> = {
  start: { money: null, booking: null, authorize: null, book: null, mails: {}, misuse: null },

  respond(world: World, { method, request }: Request): readonly Response<World>[] {
    switch (method) {
      case "authorize":
        return authorize(world, request as Asked);
      case "capture":
        return capture(world, request as Asked);
      case "void":
        return voided(world);
      case "book":
        return book(world, request as Asked);
      case "callOff":
        return [way({ ...world, booking: "called-off" }, undefined, "the carrier calls it off")];
      case "send":
        return send(world, request as { id: string; subject: string });
      default:
        throw new Error(`nobody outside knows how to ${method}`);
    }
  },
};

function authorize(before: World, request: Asked): Response<World>[] {
  const world = { ...before, authorize: before.authorize ?? request };
  if (differs(world.authorize, request))
    return [misuse(world, "the gateway is asked for the money twice, and not for the same")];

  const held = way(
    { ...world, money: "held" as const },
    { status: "authorized", reference: "ref" },
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

function capture(world: World, { amountCents }: Asked): Response<World>[] {
  const held = world.money === "held" || world.money === "captured" ? world.authorize?.amountCents : 0;
  if (held !== amountCents)
    return [misuse(world, `${amountCents} cents are to be taken, and ${held} are held`)];
  const answer = { status: "captured", reference: "ref" };
  return [way({ ...world, money: "captured" }, answer, "the money is taken")];
}

function voided(world: World): Response<World>[] {
  switch (world.money) {
    case "captured":
      return [misuse(world, "money is to be given back after it was taken")];
    case "held":
    case "voided": {
      const answer = { status: "voided", reference: "ref" };
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

function book(before: World, request: Asked): Response<World>[] {
  const world = { ...before, book: before.book ?? request };
  if (differs(world.book, request))
    return [misuse(world, "the carrier is asked twice, and not for the same")];

  const booked = way(
    { ...world, booking: "booked" as const },
    { status: "booked", carrier: "c", tracking: "t" },
    "the carrier books it",
  );
  const refused = (booking: "refused" | "called-off") =>
    way({ ...world, booking }, { status: "refused", reason: "no" }, "the carrier refuses");

  if (!world.booking) return [booked, refused("refused")];
  return [world.booking === "booked" ? booked : refused(world.booking)];
}

function send(world: World, { id, subject }: { id: string; subject: string }): Response<World>[] {
  const taken = Object.entries(world.mails).filter(([other]) => other !== id);
  const sent = [id, [...(world.mails[id] ?? []), subject].slice(0, 2)] as const;
  const mails = Object.fromEntries([...taken, sent].sort(([one], [other]) => (one < other ? -1 : 1)));
  return [way({ ...world, mails }, undefined, `mailed: ${subject}`)];
}

function way(world: World, answer: unknown, told: string): Response<World> {
  return { world, answer, told };
}

function misuse(world: World, what: string): Response<World> {
  return way({ ...world, misuse: what }, undefined, what);
}

function differs(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) !== JSON.stringify(other);
}

// The world outside in the flow check: a gateway, a carrier and a post office, each with everything that it may do.

import type { Outside, Request, Response } from "../../shared/flow/check/scenario.ts";

/** What the world's books say; orders by id, mails by the id of their fact. */
export interface World {
  readonly money: Readonly<Record<string, "held" | "declined" | "captured" | "voided" | "closed">>;
  readonly bookings: Readonly<Record<string, "booked" | "refused" | "called-off">>;
  /** How often a mail was taken and the sender was told so. */
  readonly mails: Readonly<Record<string, number>>;
  /** What nobody should have asked for. */
  readonly misuse: string | null;
}

type Asked = { orderId: string; id: string; amountCents: number };

export const outside: Outside<World> = {
  start: { money: {}, bookings: {}, mails: {}, misuse: null },

  respond(world: World, { method, request }: Request): Response<World>[] {
    const { orderId, id } = request as Asked;
    switch (method) {
      case "authorize":
        return authorize(world, orderId);
      case "capture":
        return world.money[orderId] === "held" || world.money[orderId] === "captured"
          ? [
              money(
                world,
                orderId,
                "captured",
                { status: "captured", reference: "ref" },
                "the money is taken",
              ),
            ]
          : [misused(world, `money of ${orderId} is to be taken, and none is held`)];
      case "void":
        return voided(world, orderId);
      case "book":
        return book(world, orderId);
      case "callOff":
        return [booking(world, orderId, "called-off", undefined, "the carrier calls it off")];
      case "send": {
        const mails = { ...world.mails, [id]: (world.mails[id] ?? 0) + 1 };
        return [{ world: { ...world, mails }, answer: undefined, told: `mailed: ${id}` }];
      }
      default:
        throw new Error(`nobody outside knows how to ${method}`);
    }
  },
};

function authorize(world: World, orderId: string): Response<World>[] {
  const held = () =>
    money(world, orderId, "held", { status: "authorized", reference: "ref" }, "the gateway holds the money");
  const declined = (status: "declined" | "voided" | "closed") =>
    money(world, orderId, status, { status: "declined", reason: "no" }, "the gateway declines");
  const known = world.money[orderId];
  if (!known) return [held(), declined("declined")];
  // A request that comes late: its key is known, and so it has no second effect.
  if (known === "captured") return [{ world, answer: undefined, told: "the gateway has done that before" }];
  return [known === "held" ? held() : declined(known)];
}

function voided(world: World, orderId: string): Response<World>[] {
  const known = world.money[orderId];
  if (known === "captured")
    return [misused(world, `money of ${orderId} is to be given back after it was taken`)];
  return known === "held" || known === "voided"
    ? [
        money(
          world,
          orderId,
          "voided",
          { status: "voided", reference: "ref" },
          "the gateway gives the money back",
        ),
      ]
    : [
        money(
          world,
          orderId,
          known ?? "closed",
          { status: "nothing-held" },
          "the gateway holds nothing, and never will",
        ),
      ];
}

function book(world: World, orderId: string): Response<World>[] {
  const booked = () =>
    booking(
      world,
      orderId,
      "booked",
      { status: "booked", carrier: "c", tracking: "t" },
      "the carrier books it",
    );
  const refused = (status: "refused" | "called-off") =>
    booking(world, orderId, status, { status: "refused", reason: "no" }, "the carrier refuses");
  const known = world.bookings[orderId];
  if (!known) return [booked(), refused("refused")];
  return [known === "booked" ? booked() : refused(known)];
}

function money(world: World, orderId: string, status: World["money"][string], answer: unknown, told: string) {
  return { world: { ...world, money: { ...world.money, [orderId]: status } }, answer, told };
}

function booking(
  world: World,
  orderId: string,
  status: World["bookings"][string],
  answer: unknown,
  told: string,
) {
  return { world: { ...world, bookings: { ...world.bookings, [orderId]: status } }, answer, told };
}

function misused(world: World, misuse: string): Response<World> {
  return { world: { ...world, misuse }, answer: undefined, told: misuse };
}

// What the fuzz run sends, and what it takes for a refusal.

import { hash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { type Answer, refuses } from "../../shared/chaos/fuzz/knock.ts";
import { Messages } from "../../shared/chaos/fuzz/messages.ts";
import { badRequest } from "../../shared/chaos/fuzz/requests.ts";
import { Chance } from "../../shared/flow/simulate/chance.ts";
import { MAX_EVENT_SIZE } from "../../shared/nats/provision.ts";

const MANY = 1_000;

describe("malformed messages", () => {
  it("are the same for the same seed, and others for another one", () => {
    const [one, same, other] = [7, 7, 8].map((seed) => digest(dealt(seed)));

    expect(one).toBe(same);
    expect(one).not.toBe(other);
  });

  it("have keys of their own", () => {
    expect(new Set(dealt(7).map(({ subject }) => subject.split(".").at(-1))).size).toBe(MANY);
  });

  it("fit into the stream, but for those that it is to refuse", () => {
    const tooLarge = dealt(7).filter(({ head, body }) => head.length + body.length > MAX_EVENT_SIZE);

    expect(new Set(tooLarge.map(({ kind }) => kind))).toEqual(new Set(["too large"]));
  });
});

describe("bad requests", () => {
  it("are the same for the same seed", () => {
    const [one, same] = [7, 7].map((seed) => {
      const chance = new Chance(seed);
      return digest(Array.from({ length: 50 }, () => badRequest(chance)));
    });

    expect(one).toBe(same);
  });

  const problem = { status: 422, type: "application/problem+json", isLate: false };

  it.each<[string, boolean, Partial<Answer>]>([
    ["a problem", true, {}],
    ["the word of Node's parser", true, { status: 431, type: undefined }],
    ["a refusal that does not say why", false, { type: undefined }],
    ["a refusal that is no problem document", false, { type: "text/html" }],
    ["the word that nobody knows the order, for which it was taken", false, { status: 404 }],
    ["consent", false, { status: 202, type: "application/json" }],
    ["a fault of the service", false, { status: 500 }],
    ["a closed door", false, { status: 0, type: undefined }],
    ["silence", false, { status: 0, type: undefined, isLate: true }],
  ])("are refused by %s: %s", (_, expected, answer) => {
    const request = { ...badRequest(new Chance(7)), endless: undefined };

    expect(refuses(request, { ...problem, ...answer })).toBe(expected);
  });
});

function dealt(seed: number) {
  const messages = new Messages(new Chance(seed));
  return Array.from({ length: MANY }, () => messages.next());
}

function digest(some: readonly { head: string | Buffer; body: Buffer }[]): string {
  return hash("sha1", Buffer.concat(some.flatMap(({ head, body }) => [Buffer.from(head as string), body])));
}

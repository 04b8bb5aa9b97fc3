// Messages that are no events, of every kind: each is dealt by chance, under a key of its own and the subject of any fact.

import avro from "avsc";
import { MsgHdrsImpl } from "nats";
import { encode, type Fact, type FactType, factTypes, knownVersions } from "../../contracts/events.ts";
import { samples } from "../../contracts/samples.ts";
import type { Chance } from "../../flow/simulate/chance.ts";
import { readEvent } from "../../nats/headers.ts";
import { MAX_EVENT_SIZE } from "../../nats/provision.ts";
import { GARBAGE } from "../mischief.ts";

/** A message as it goes over the wire. */
export interface Malformed {
  readonly kind: string;
  readonly subject: string;
  readonly head: Buffer;
  readonly body: Buffer;
  /** Whether the stream refuses it, so that nobody has to read it. */
  readonly isRefused: boolean;
}

/** What a message is made from: a fact that is well-formed, and its bytes. */
interface Draft {
  readonly chance: Chance;
  readonly type: FactType;
  readonly key: string;
  readonly good: Buffer;
}

interface Kind {
  /** How many there are among a thousand, more or less. */
  readonly share: number;
  readonly isRefused?: boolean;
  readonly make: (draft: Draft) => { readonly head?: string; readonly body?: Buffer };
}

const AVRO_HEAD = 10; // C3 01, then the fingerprint of the schema.
const LARGEST_HEAD = 64_000;
const GARBLED = Buffer.from("no Avro at all");
/** Lengths and counts as Avro writes them: 2^40, -1, -2^63, 2^63 - 1, and one that does not end. */
const ABSURD = ["808080808040", "01", "ffffffffffffffffff01", "feffffffffffffffff01", "ff".repeat(16)];
/** A name with a space, none at all, a colon in front, a status as brokers send it, JavaScript's own names, no text. */
const ODD = [
  "odd name: x",
  ": x",
  "::",
  "no colon",
  "__proto__: x",
  "constructor: x",
  "ce-id\u0000: \u0007",
  "é: ü",
];
const REFUSED = [
  "Nats-Expected-Stream: OTHER",
  "Nats-Expected-Last-Sequence: 1",
  "Nats-Expected-Last-Msg-Id: nobody",
  "Nats-Rollup: all",
  "Nats-TTL: 1s",
];

const KINDS: Readonly<Record<string, Kind>> = {
  "random bytes": { share: 200, make: ({ chance }) => ({ body: bytes(chance, chance.between(0, 200)) }) },
  "cut off": {
    share: 200,
    make: ({ chance, good }) => ({ body: good.subarray(0, chance.between(0, good.length - 1)) }),
  },
  "bits flipped": { share: 150, make: ({ chance, good }) => ({ body: flipped(chance, good) }) },
  "another key": { share: 50, make: ({ chance, type }) => ({ body: dataOf(chance, type, "another") }) },
  "unknown schema": {
    share: 100,
    make: ({ chance, good }) => ({
      body: Buffer.concat([good.subarray(0, 2), bytes(chance, 8), good.subarray(AVRO_HEAD)]),
    }),
  },
  "absurd lengths": { share: 150, make: ({ chance, good }) => ({ body: absurd(chance, good) }) },
  "headers missing": { share: 60, make: ({ chance, key }) => ({ head: incomplete(chance, key) }) },
  "headers odd": {
    share: 40,
    make: ({ chance, key }) => ({ head: headOf(key, ...some(chance, ODD)), body: GARBLED }),
  },
  "headers repeated": {
    share: 20,
    make: ({ chance, key }) => ({
      head: headOf(key, ...Array<string>(chance.between(1, 200)).fill("ce-id: again")),
      body: GARBLED,
    }),
  },
  "headers huge": {
    share: 5,
    make: ({ chance, key }) => ({
      head: headOf(key, ...padding(chance, chance.between(1, LARGEST_HEAD - 1_000))),
      body: GARBLED,
    }),
  },
  "a broker's status": {
    share: 10,
    make: ({ chance }) => ({ head: `NATS/1.0 ${chance.of(["100", "408", "503 No Responders"])}\r\n\r\n` }),
  },
  large: { share: 2, make: ({ chance }) => ({ body: Buffer.alloc(chance.between(1, LARGEST_BODY), "x") }) },
  "too large": {
    share: 1,
    isRefused: true,
    make: ({ chance }) => ({ body: Buffer.alloc(MAX_EVENT_SIZE + chance.between(0, 1_000), "x") }),
  },
  "refused by a header": {
    share: 12,
    isRefused: true,
    make: ({ chance, key }) => ({ head: headOf(key, chance.of(REFUSED)), body: GARBLED }),
  },
};
const LARGEST_BODY = MAX_EVENT_SIZE - 1_000;
const BAG = Object.entries(KINDS).flatMap(([name, { share }]) => Array<string>(share).fill(name));

/** Deals malformed messages; equal seeds deal equal ones. */
export class Messages {
  readonly #chance: Chance;
  #dealt = 0;
  /** How many were dealt that can be read after all: they are events, and are left out. */
  readable = 0;

  constructor(chance: Chance) {
    this.#chance = chance;
  }

  /** The next one that can't be read. */
  next(): Malformed {
    for (;;) {
      const dealt = this.#deal();
      if (dealt.isRefused || !canBeRead(dealt)) return dealt;
      this.readable++;
    }
  }

  #deal(): Malformed {
    const chance = this.#chance;
    const kind = chance.of(BAG);
    const type = chance.of(factTypes);
    const key = `${GARBAGE}-${++this.#dealt}`;
    const { make, isRefused = false } = KINDS[kind]!;
    const good = dataOf(chance, type, key);
    const { head = headOf(key), body = good } = make({ chance, type, key, good });
    return { kind, subject: `${type}.${key}`, head: Buffer.from(head), body, isRefused };
  }
}

/** Whether a service could read the message: its own code says so. */
function canBeRead({ subject, head, body }: Malformed): boolean {
  try {
    readEvent({ subject, headers: MsgHdrsImpl.decode(head), data: body });
    return true;
  } catch {
    return false;
  }
}

const sampled = new Map(
  factTypes.map((type) => {
    const { schema } = knownVersions(type).at(-1)!;
    return [type, samples(avro.Type.forSchema(schema as avro.Schema)) as Fact["data"][]];
  }),
);

function dataOf(chance: Chance, type: FactType, key: string): Buffer {
  const data = chance.of(sampled.get(type)!);
  const named = "orderId" in data ? { ...data, orderId: key } : { ...data, sku: key };
  return encode({ type, data: named } as Fact);
}

/** The headers that an event needs, and `more`. */
function headOf(key: string, ...more: readonly string[]): string {
  return lines("ce-specversion: 1.0", `ce-id: ${key}`, "ce-time: 2026-01-01T00:00:00.000Z", ...more);
}

function incomplete(chance: Chance, key: string): string {
  const time = chance.of(["", "yesterday", "2026-13-45T99:99:99Z", "-1e999", "NaN"]);
  return chance.of([
    lines(`ce-id: ${key}`),
    lines("ce-time: 2026-01-01T00:00:00Z"),
    lines("ce-id: ", "ce-time: 2026-01-01T00:00:00Z"),
    lines(`ce-id: ${key}`, `ce-time: ${time}`),
    lines(),
  ]);
}

function lines(...all: readonly string[]): string {
  return ["NATS/1.0", ...all, "", ""].join("\r\n");
}

/** So many bytes of headers, many small ones or a few that are long. */
function padding(chance: Chance, size: number): string[] {
  const each = chance.of([1, 100, 10_000]);
  const one = `x: ${"é".repeat(each)}`;
  return Array<string>(Math.floor(size / (Buffer.byteLength(one) + 2))).fill(one);
}

function some<T>(chance: Chance, all: readonly T[]): T[] {
  return all.filter(() => chance.is(0.4));
}

function flipped(chance: Chance, good: Buffer): Buffer {
  const body = Buffer.from(good);
  for (let flips = chance.between(1, 8); flips > 0; flips--)
    body[chance.between(0, body.length - 1)]! ^= 1 << chance.between(0, 7);
  return body;
}

/** A count or a length that can't be, anywhere in the data. */
function absurd(chance: Chance, good: Buffer): Buffer {
  const at = chance.between(AVRO_HEAD, good.length - 1);
  return Buffer.concat([good.subarray(0, at), Buffer.from(chance.of(ABSURD), "hex"), good.subarray(at + 1)]);
}

function bytes(chance: Chance, length: number): Buffer {
  return Buffer.from(Array.from({ length }, () => chance.between(0, 255)));
}

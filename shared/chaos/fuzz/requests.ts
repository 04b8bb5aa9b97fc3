// HTTP requests that no service should take, of every kind, for every place that takes a body.

import type { Chance } from "../../flow/simulate/chance.ts";
import { MAX_BODY } from "../../http/body.ts";
import { EXAMPLE_ORDER } from "../../stack/example.ts";

/** A request as it goes over the wire. */
export interface BadRequest {
  readonly kind: string;
  readonly service: string;
  readonly path: string;
  readonly head: string;
  readonly body: Buffer;
  /** What is sent after the body again and again, until there is an answer. */
  readonly endless?: Buffer | undefined;
  /** Whether the connection is half closed after the body. */
  readonly breaksOff?: boolean;
}

interface Door {
  readonly service: string;
  readonly path: string;
  readonly good: object;
}

/** Nobody knows the orders: whatever gets as far as to be looked for was taken. */
const DOORS: readonly Door[] = [
  { service: "orders", path: "/orders", good: EXAMPLE_ORDER },
  {
    service: "orders",
    path: "/orders/fuzz/cancellation",
    good: { requestedBy: "ann", reason: "by mistake" },
  },
  { service: "risk", path: "/reviews/fuzz", good: { decision: "approve", note: "a good customer" } },
  { service: "inventory", path: "/stock/TEA-001/adjustments", good: { delta: 1, reason: "delivery" } },
];

interface Made {
  readonly body?: string | Buffer;
  /** The content type; JSON unless given, none at all where it is empty. */
  readonly type?: string;
  readonly lines?: readonly string[];
  readonly endless?: Buffer | undefined;
  readonly breaksOff?: boolean;
}

type Make = (chance: Chance, good: object) => Made;

const DEEP = 100_000;
const NESTED = "[".repeat(DEEP) + "]".repeat(DEEP);
const CHUNK = Buffer.from(`4000\r\n${" ".repeat(0x4000)}\r\n`);
const JSON_TYPE = "application/json";
const WRONG: readonly unknown[] = [
  null,
  true,
  [],
  {},
  0.5,
  1e308,
  "",
  "\ud800",
  " ",
  [[]],
  "x".repeat(1_000),
];

/** The fields that may say nothing. */
const MAY_BE_NULL: readonly string[] = ["reason"];

const KINDS: Readonly<Record<string, Make>> = {
  "cut off": (chance, good) => {
    const text = JSON.stringify(good);
    return { body: text.slice(0, chance.between(1, text.length - 1)) };
  },
  "no object": (chance) => ({
    body: chance.of(["null", "[]", "0", '"x"', "true", "1e999", "NaN", "{'a':1}"]),
  }),
  "deeply nested": (chance, good) => ({ body: withRaw(chance, good, NESTED) }),
  "deep in what nobody reads": (chance, good) => ({
    body: withRaw(chance, { ...good, extra: 1 }, NESTED, "extra"),
    lines: ["Idempotency-Key: deep"],
  }),
  "deep and not closed": () => ({ body: '{"a":['.repeat(DEEP / 4) }),
  "wrong type": (chance, good) => {
    const name = chance.of(Object.keys(good));
    const wrong = chance.of(MAY_BE_NULL.includes(name) ? WRONG.filter((one) => one !== null) : WRONG);
    return { body: withRaw(chance, good, JSON.stringify(wrong), name) };
  },
  "huge number": (chance, good) => ({
    body: withRaw(chance, good, chance.of(["1e999", "-1e999", "9".repeat(1_000), `0.${"1".repeat(1_000)}`])),
  }),
  "lone surrogate": (chance, good) => ({ body: withRaw(chance, good, '"\\ud800"') }),
  "not UTF-8": (chance, good) => ({
    body: Buffer.from(withRaw(chance, good, '"\u00ff\u00c0\u0080"'), "latin1"),
  }),
  "another type": (chance, good) => ({
    body: JSON.stringify(good),
    type: chance.of(["", "text/plain", "application/xml", "multipart/form-data", "x", "application/jsonx"]),
  }),
  "too large": (chance) => ({ body: `"${"x".repeat(MAX_BODY + chance.between(0, MAX_BODY))}"` }),
  endless: () => ({ body: "", lines: ["Transfer-Encoding: chunked"], endless: CHUNK }),
  "broken chunks": (chance) => ({
    body: chance.of([
      "zz\r\n{}\r\n0\r\n\r\n",
      "-1\r\n{}\r\n",
      "ffffffffffffffffff\r\n",
      "2\r\n{}x\r\n0\r\n\r\n",
    ]),
    lines: ["Transfer-Encoding: chunked"],
    breaksOff: true,
  }),
  "breaks off": () => ({ body: "{", lines: ["Content-Length: 10"], breaksOff: true }),
  "key twice": (chance, good) => ({
    body: `${JSON.stringify(good).slice(0, -1)},${JSON.stringify(chance.of(Object.keys(good)))}:[]}`,
  }),
  "all in __proto__": (_, good) => ({
    body: `{"__proto__":${JSON.stringify({ ...good, extra: 1 })},"x":[]}`,
  }),
  empty: (chance) => ({ body: chance.of([" ", "\n", "\ufeff", "\u0000"]) }),
  binary: (chance) => ({ body: Buffer.from(Array.from({ length: 300 }, () => chance.between(128, 255))) }),
  "broken header": (chance, good) => ({
    body: JSON.stringify(good),
    lines: [
      chance.of([
        "no colon",
        "odd name: x",
        ": x",
        "Content-Length: -1",
        "X: \u0000",
        "Content-Length: 5, 6",
      ]),
    ],
  }),
  "huge header": (_, good) => ({ body: JSON.stringify(good), lines: [`X: ${"x".repeat(20_000)}`] }),
  "bad Idempotency-Key": (chance, good) => ({
    body: JSON.stringify(good),
    lines: [`Idempotency-Key: ${chance.of(["", "two words", "x".repeat(256), "\u00e9", "\t"])}x y`],
  }),
};

/** The next request that is dealt. */
export function badRequest(chance: Chance): BadRequest {
  const kind = chance.of(Object.keys(KINDS));
  const { service, path, good } = chance.of(DOORS);
  const { body = "", type = JSON_TYPE, lines = [], ...how } = KINDS[kind]!(chance, good);
  const bytes = Buffer.from(body as string);
  const isSized = lines.some((line) => /^(content-length|transfer-encoding)/i.test(line));
  const head = [
    `POST ${path} HTTP/1.1`,
    "Host: fuzz",
    "Connection: close",
    ...(type === "" ? [] : [`Content-Type: ${type}`]),
    ...(isSized ? [] : [`Content-Length: ${bytes.length}`]),
    ...lines,
  ];
  return { kind, service, path, head: `${head.join("\r\n")}\r\n\r\n`, body: bytes, ...how };
}

/** The JSON of an object, with one of its values replaced by that text: any, unless it is named. */
function withRaw(chance: Chance, good: object, text: string, name = chance.of(Object.keys(good))): string {
  const { [name as never]: _, ...rest } = good;
  return `${JSON.stringify(rest).replace(/\}$/, Object.keys(rest).length > 0 ? "," : "")}"${name}":${text}}`;
}

// The headers of a fact, read where nats.js keeps them: as it would read them itself, and no more is accepted than it accepts.

import fc from "fast-check";
import { MsgHdrsImpl, MsgImpl } from "nats";
import { describe, expect, it } from "vitest";
import { encode, UndecodableError } from "../../shared/contracts/events.ts";
import { type Message, readEvent } from "../../shared/nats/headers.ts";

const DATA = encode({ type: "order.completed", data: { orderId: "a" } });

/** A message as nats.js hands it on, its headers still bytes in front of its data. */
function delivered(head: string) {
  const bytes = Buffer.from(head);
  const subject = Buffer.from("order.completed.a");
  const arg = { subject, sid: 1, hdr: bytes.length, size: bytes.length + DATA.length };
  const msg = new MsgImpl(arg as ConstructorParameters<typeof MsgImpl>[0], Buffer.concat([bytes, DATA]), {
    publish() {},
  });
  return {
    subject: "order.completed.a",
    data: DATA,
    msg,
    get headers() {
      return msg.headers;
    },
  };
}

/** What nats.js itself reads in them; undefined when it refuses them, or what dedupe needs is missing. */
function asItReads(head: string) {
  let said: MsgHdrsImpl;
  try {
    said = MsgHdrsImpl.decode(Buffer.from(head));
  } catch {
    return undefined;
  }
  const id = said.get("ce-id");
  const time = Date.parse(said.get("ce-time"));
  if (!id || Number.isNaN(time)) return undefined;
  return {
    id,
    time,
    source: said.get("ce-source") || "unknown",
    traceparent: said.get("traceparent") || undefined,
  };
}

function asRead(head: string) {
  try {
    const { id, time, source, traceparent } = readEvent(delivered(head));
    return { id, time, source, traceparent };
  } catch (error) {
    expect(error).toBeInstanceOf(UndecodableError);
    return undefined;
  }
}

const lines = (...all: string[]) => ["NATS/1.0", ...all, "", ""].join("\r\n");
const NEEDED = ["ce-id: 1", "ce-time: 2026-01-01T00:00:00.000Z"];

describe("the headers of a fact", () => {
  it("are its attributes", () => {
    const said = ["ce-source: till", "ce-causationid: 0", "ce-correlationid: é", "traceparent: 00-a-b-01"];
    expect(readEvent(delivered(lines(...NEEDED, ...said)))).toMatchObject({
      id: "1",
      time: Date.UTC(2026, 0),
      source: "till",
      causationId: "0",
      correlationId: "é",
      traceparent: "00-a-b-01",
    });
  });

  it.each([
    ["the first of a name counts", [...NEEDED, "ce-id: 2"]],
    ["spaces around a value do not", ["ce-id:  \t1  ", NEEDED[1]!]],
    ["a name in a value is none", ["x: ce-id: 2", ...NEEDED]],
    ["a longer name is another", ["ce-idx: 2", "xce-id: 3", ...NEEDED]],
    ["a line without a colon is nothing", ["what", ...NEEDED]],
    ["half an end of a line after a value is nothing", ["x: a\r", "y: b\n", ...NEEDED]],
    ["a trace of nothing is none", [...NEEDED, "traceparent: "]],
  ])("are read as nats.js reads them: %s", (_, said) => {
    const read = asRead(lines(...said));
    expect(read).toEqual(asItReads(lines(...said)));
    expect(read).toMatchObject({ id: "1", traceparent: undefined });
  });

  it.each([
    ["a name with a space", [...NEEDED, "a b: c"]],
    ["a name that is no ASCII", [...NEEDED, "é: c"]],
    ["a value with half an end of a line", [...NEEDED, "a: b\rc"]],
    ["no id", [NEEDED[1]!]],
    ["an id of nothing", ["ce-id:  ", NEEDED[1]!]],
    ["a time that is none", [NEEDED[0]!, "ce-time: yesterday"]],
  ])("make no event with %s", (_, said) => {
    expect(() => readEvent(delivered(lines(...said)))).toThrow(UndecodableError);
  });

  it("are read as by nats.js, or refused as by it, whatever they hold", () => {
    const piece = fc.constantFrom(
      ..."ce-id ce-time traceparent ce-source : \r \n \r\n é a 1 \t".split(" "),
      " ",
      ": ",
    );
    const line = fc.oneof(
      fc.constantFrom(...NEEDED),
      fc.array(piece, { maxLength: 6 }).map((all) => all.join("")),
    );
    fc.assert(
      fc.property(fc.array(line, { maxLength: 8 }), (all) => {
        const head = lines(...all);
        expect(asRead(head)).toEqual(asItReads(head));
      }),
      { numRuns: 2_000 },
    );
  });

  it("are read without nats.js as long as nothing about them is odd", () => {
    const { headers: _, ...message } = Object.getOwnPropertyDescriptors(delivered(lines(...NEEDED)));
    expect(readEvent(Object.defineProperties({}, message) as Message).id).toBe("1");
  });

  it("of many lines that are spoiled at their end are refused without ado", () => {
    expect(() => readEvent(delivered(lines(...Array<string>(10_000).fill("a: b"), "a b: c")))).toThrow(
      UndecodableError,
    );
  });
});

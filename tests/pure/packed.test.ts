// A message as the bytes that its service keeps of it while it is put aside.

import { headers } from "nats";
import { expect, it } from "vitest";
import { packed, unpacked } from "../../shared/nats/parking.ts";

it.each([
  [
    "an event",
    { "ce-id": "a", "ce-type": "order.completed" },
    Buffer.from([0xc3, 0x01, 0, 13, 10, 13, 10, 255]),
  ],
  ["no data", { "ce-id": "é" }, Buffer.alloc(0)],
  ["no headers", {}, Buffer.from("\r\n\r\n")],
])("is the same message afterwards: %s", (_, said, data) => {
  const sent = headers();
  for (const [name, value] of Object.entries(said)) sent.set(name, value);
  const {
    subject,
    headers: kept,
    data: bytes,
  } = unpacked(packed({ subject: "order.completed.a", headers: sent, data }));

  expect(subject).toBe("order.completed.a");
  expect(Object.fromEntries([...kept].map(([name, [value]]) => [name, value]))).toEqual({
    ...said,
    "Quadrille-Subject": "order.completed.a",
  });
  expect(Buffer.from(bytes)).toEqual(data);
});

it("keeps every value of a header that comes twice", () => {
  const sent = headers();
  for (const value of ["1", "2"]) sent.append("x", value);
  const message = { subject: "s", headers: sent, data: new Uint8Array() };
  expect(unpacked(packed(message)).headers.values("x")).toEqual(["1", "2"]);
});

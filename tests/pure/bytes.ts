// What the tests of encoded facts share.

import { expect } from "vitest";
import { type AvroSchema, Codec, UndecodableError } from "../../shared/contracts/avro.ts";

/** How many bytes are before the data: the marker and the fingerprint. */
export const HEADER_LENGTH = 10;

/** A codec whose versions are of no event in particular. */
export function codecOf<Data>(versions: readonly AvroSchema[]): Codec<Data> {
  return new Codec("order.completed", versions);
}

export function expectUndecodable(read: () => unknown): void {
  expect(read).toThrow(UndecodableError);
}

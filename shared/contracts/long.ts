// The whole numbers that an Avro long can carry here: those that JavaScript and avsc keep exactly, both ways.

/** 2^53 - 2. */
export const MAX_LONG = Number.MAX_SAFE_INTEGER - 1;

/** -2^52. */
export const MIN_LONG = -(2 ** 52);

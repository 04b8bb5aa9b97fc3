// What the checker finds: one fault, where it is, why it hurts, and the edit that mends it.

import type { RuleName } from "./rules.ts";

/** A fault within one schema. */
export interface Fault {
  readonly rule: RuleName;
  /** JSON pointer into the schema; empty for the whole of it. */
  readonly pointer: string;
  /** Where that is for a person: `OrderCreated.lines[].quantity`. */
  readonly path: string;
  /** One sentence. */
  readonly cause: string;
  /** The edit that would mend it. */
  readonly mend: string;
}

/** Something that a reader can't do with what a writer sends. */
export interface Mismatch {
  readonly rule: RuleName;
  /** As the reader's fields are called. */
  readonly path: string;
  /** JSON pointers into both schemas. */
  readonly reader: string;
  readonly writer: string;
  readonly cause: string;
  /** The edit that would mend it, by the side that can still be edited. */
  readonly mend: { readonly reader: string; readonly writer: string };
  /** For a value that meets a union: why each of the reader's branches fails to take it. */
  readonly candidates?: readonly Candidate[];
}

/** A branch of the reader's union, and why it was not the one. */
export interface Candidate {
  readonly branch: string;
  readonly causes: readonly string[];
}

/** Who reads whom: a newer version what an older one wrote, or the other way round. */
export type Direction = "BACKWARD" | "FORWARD";

/** A place in a schema. */
export interface Place {
  /** A path, or for a schema that comes from no file what it is called. */
  readonly file: string;
  readonly pointer: string;
  /** Both count from 1. Undefined for a schema that comes from no file. */
  readonly line?: number;
  readonly column?: number;
  /** Undefined outside the versioned folder. */
  readonly version?: number;
}

/** A fault as it is reported. */
export interface Finding {
  readonly rule: RuleName;
  /** Undefined outside the versioned folder. */
  readonly event?: string;
  readonly path: string;
  readonly cause: string;
  readonly mend: string;
  /** The place to edit. */
  readonly at: Place;
  /** For faults between two versions. */
  readonly direction?: Direction;
  readonly reader?: Place;
  readonly writer?: Place;
  readonly candidates?: readonly Candidate[];
}

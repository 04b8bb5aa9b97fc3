// Every rule that a finding may name, and what it is there for: the text of `schemas explain`.

/** Where a rule comes from: the Avro specification, resolution between two versions, this project, or the lock. */
export type RuleKind = "avro" | "compatibility" | "house" | "release";

/** One rule; its name is stable, approvals and CI filters may rely on it. */
export interface Rule {
  readonly kind: RuleKind;
  /** What it forbids, in a sentence. */
  readonly what: string;
  /** Why that hurts, and what to do instead. */
  readonly why: string;
}

export const rules = {
  "not-json": {
    kind: "avro",
    what: "The file is not well-formed JSON.",
    why: "Nothing else can be said of it. JSON has no comments, no trailing commas and no byte order mark.",
  },
  "not-a-schema": {
    kind: "avro",
    what: "Something is not in the form of an Avro schema: an attribute is missing or of the wrong JSON type.",
    why: 'A schema is the name of a type, a union as a list, or an object with a "type" and what that type asks for.',
  },
  "unknown-type": {
    kind: "avro",
    what: "A type is named that is neither a primitive nor defined before it is used.",
    why: "A version must be self-contained, so that its bytes and its fingerprint say all there is to know.",
  },
  "invalid-name": {
    kind: "avro",
    what: "A name is not one that Avro allows.",
    why: "Names begin with a letter or underscore and go on with letters, digits and underscores; a namespace is such names with dots between. Primitive types' names are taken.",
  },
  "duplicate-name": {
    kind: "avro",
    what: "A name is used twice: of a type, of a record's fields and their aliases, or of an enum's symbols.",
    why: "Nobody could tell which one is meant.",
  },
  "invalid-union": {
    kind: "avro",
    what: "A union holds a union, or two types of the same kind.",
    why: "The branch that was written could not be told from its neighbour. Records, enums and fixed may be there more than once, under different names.",
  },
  "invalid-default": {
    kind: "avro",
    what: "A default is not a value of its field's type, or an enum's default is not one of its symbols.",
    why: "It would only be noticed on the day that a reader needs it. Several Avro libraries let it pass.",
  },
  "type-changed": {
    kind: "compatibility",
    what: "The reader's type can't take what the writer's type sends.",
    why: "Only int to long, float and double, long to float and double, float to double, and string to bytes and back are promoted. To change a type, add a field of another name with a default and fill both for a while.",
  },
  "name-changed": {
    kind: "compatibility",
    what: "A record, enum or fixed has another name, and the reader has no alias for the writer's.",
    why: "Readers match named types by name. An alias in the reader makes its own side read; the other direction stays shut, so a rename is for modes without FORWARD.",
  },
  "field-without-default": {
    kind: "compatibility",
    what: "The reader has a field that the writer does not send, and no default for it.",
    why: "Reading fails on the first message. A field that comes or goes must have a default on the side that asks for it.",
  },
  "enum-symbol-unknown": {
    kind: "compatibility",
    what: "The writer may send a symbol that the reader's enum lacks, and the reader's enum has no default.",
    why: "Reading fails on the day that the symbol is first sent. An enum's own default (not the field's) stands in for unknown symbols.",
  },
  "fixed-size-changed": {
    kind: "compatibility",
    what: "A fixed type has another size.",
    why: "Fixed values carry no length: a reader of another size would read its neighbour's bytes.",
  },
  "decimal-changed": {
    kind: "compatibility",
    what: "A decimal has another precision or scale.",
    why: "The bytes are the unscaled number: at another scale 19.99 is read as 1999 or 0.1999. Avro forbids it, most libraries and the fingerprint do not notice.",
  },
  "union-branch-unknown": {
    kind: "compatibility",
    what: "The writer may send a branch of a union that no branch of the reader takes.",
    why: "Reading fails on the day that the branch is first sent. Add branches to readers first, in a version of their own, and only to types that were a union from the start.",
  },
  "ambiguous-alias": {
    kind: "compatibility",
    what: "Several of the writer's fields, or several types, answer to the names and aliases of one of the reader's.",
    why: "The specification does not say which one wins, and libraries differ.",
  },
  "logical-type-changed": {
    kind: "house",
    what: "A logical type came, went or changed, such as milliseconds to microseconds.",
    why: "Avro takes it for the same number, and every reader is wrong by a factor without an error. Add a field of another name instead.",
  },
  "logical-type-ignored": {
    kind: "house",
    what: "A logical type does not fit the type it stands on, or its parameters.",
    why: "Avro then ignores it silently, and the value is read as the bare type.",
  },
  "namespace-changed": {
    kind: "house",
    what: "A named type has moved to another namespace.",
    why: "Readers must match names without their namespace, but many match the full name, avsc and older Java among them.",
  },
  "enum-without-default": {
    kind: "house",
    what: "An enum has no default symbol.",
    why: "It can never gain a symbol: every reader of this version would fail on it, and it is too late to add the default then.",
  },
  "javascript-name": {
    kind: "house",
    what: "A field, symbol or type has a name that every JavaScript object already has, such as constructor.",
    why: "The libraries that services read with keep names in plain objects, and break or misread.",
  },
  unsupported: {
    kind: "house",
    what: "Something that Avro allows and the library that our services read with (avsc) refuses.",
    why: "No service could start. A union's default must be of its first branch, a long's within what JavaScript counts exactly, an alias a name, and neither a union nor an enum empty.",
  },
  "same-fingerprint": {
    kind: "house",
    what: "Two versions of an event have one CRC-64-AVRO fingerprint.",
    why: "The fingerprint on the wire says which version wrote a message. It ignores documentation, defaults, aliases and logical types: a version that changes nothing else can't be told from the one before.",
  },
  "version-gap": {
    kind: "release",
    what: "A version number is missing.",
    why: "Versions are v1, v2, v3 and so on: a hole is a file that somebody has and you have not.",
  },
  "stray-file": {
    kind: "release",
    what: "There is something in the folder that is not a version, nor the event's settings.",
    why: "A file that looks like a version and is not read (v01.avsc, V2.avsc, v2.json) protects nobody.",
  },
  "invalid-settings": {
    kind: "release",
    what: "An event's compatibility.json can't be used.",
    why: "A mode with a typing mistake must not mean the default, nor an approval with one nothing.",
  },
  "unused-approval": {
    kind: "release",
    what: "A break is approved that does not exist.",
    why: "It would wave through another one some day. Remove it from compatibility.json.",
  },
  "released-edited": {
    kind: "release",
    what: "A released version is not what it was when it was released.",
    why: "Its bytes are in the stream and in running services, and can't be called back. Put the file back and make the change in a new version.",
  },
  "released-deleted": {
    kind: "release",
    what: "A released version is gone.",
    why: "Events written with it are still in the stream, and a service built without it could not read them.",
  },
  "released-renamed": {
    kind: "release",
    what: "A released version is in another file than the one it was released as.",
    why: "Its number is its name in running services. Move it back.",
  },
  "lock-changed": {
    kind: "release",
    what: "A line of the lock was changed or removed, or can't be read.",
    why: "The lock only ever grows: it is what a released version is compared with.",
  },
} as const satisfies Record<string, Rule>;

export type RuleName = keyof typeof rules;

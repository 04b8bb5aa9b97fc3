// What people do to a schema from one version to the next, wisely or not: random changes to a draft of it.

import fc from "fast-check";
import { distinct, events, freshFieldName, Inventor, primitive } from "./arbitraries.ts";
import { type Choices, tapes } from "./choices.ts";
import {
  type Draft,
  type EnumDraft,
  everyType,
  type FieldDraft,
  fullName,
  isNamed,
  type PrimitiveDraft,
  type PrimitiveKind,
  type RecordDraft,
  type UnionDraft,
} from "./draft.ts";

/** So many versions of a random schema, each by changing the one before. */
export function histories(versions: number): fc.Arbitrary<RecordDraft[]> {
  const changes = fc.array(tapes(20, 60), { minLength: versions - 1, maxLength: versions - 1 });
  return fc.tuple(events, changes).map(([event, changes]) => {
    const history = [event];
    for (const choices of changes) history.push(change(history.at(-1)!, choices));
    return history;
  });
}

/** The draft after one or two changes; the draft itself stays. */
function change(draft: RecordDraft, choices: Choices): RecordDraft {
  let changed = draft;
  for (let left = 1 + choices.below(2); left > 0; left--) {
    const copy = structuredClone(changed);
    choices.among(CHANGES)(copy, choices);
    if (!everyType(copy).some((type) => holdsItself(type))) changed = copy;
  }
  return changed;
}

type Change = (root: RecordDraft, choices: Choices) => void;

/** The same with one field more, that has a default, in some record of it. */
export function withDefaultedField(draft: RecordDraft, choices: Choices): RecordDraft {
  const copy = structuredClone(draft);
  const record = choices.among(records(copy));
  // A number: what else it may be has a default too, unless that would be of the record itself.
  const field = { ...blankField(record), type: primitive("int"), defaultSeed: choices.below(256) };
  record.fields.splice(choices.below(record.fields.length + 1), 0, field);
  return copy;
}

const addField: Change = (root, choices) => {
  const record = choices.among(records(root));
  const field = new Inventor(choices, root).field(namesIn(record), 2);
  if (choices.chance(60)) field.defaultSeed = choices.below(256);
  record.fields.splice(choices.below(record.fields.length + 1), 0, field);
};

const removeField: Change = (root, choices) => {
  const record = choices.among(records(root));
  if (record.fields.length > 0) record.fields.splice(choices.below(record.fields.length), 1);
};

const renameField: Change = (root, choices) => {
  const record = choices.among(records(root));
  if (record.fields.length === 0) return;
  const field = choices.among(record.fields);
  const name = freshFieldName(namesIn(record));
  if (choices.chance(70)) field.aliases.push(field.name);
  field.name = name;
};

const mergeFields: Change = (root, choices) => {
  const record = choices.among(records(root));
  if (record.fields.length < 2) return;
  const [removed] = record.fields.splice(choices.below(record.fields.length), 1);
  choices.among(record.fields).aliases.push(removed!.name, ...removed!.aliases);
};

const reorderFields: Change = (root, choices) => {
  const record = choices.among(records(root));
  record.fields.push(...record.fields.splice(0, choices.below(record.fields.length + 1)));
};

const dropDefault: Change = (root, choices) => {
  const fields = records(root).flatMap((record) => record.fields);
  if (fields.length > 0) choices.among(fields).defaultSeed = undefined;
};

const comment: Change = (root, choices) => {
  const fields = records(root).flatMap((record) => record.fields);
  if (fields.length > 0)
    Object.assign(choices.among(fields), { doc: "Said otherwise.", order: "descending" });
};

const renameType: Change = (root, choices) => {
  const type = choices.among(everyType(root).filter(isNamed));
  if (choices.chance(70)) type.aliases.push(fullName(type));
  const taken = new Set(
    everyType(root)
      .filter(isNamed)
      .flatMap(({ name, aliases }) => [name, ...aliases]),
  );
  let number = 1;
  while ([...taken].some((name) => name.endsWith(`N${number}`))) number++;
  type.name = `N${number}`;
};

const moveNamespace: Change = (root, choices) => {
  const named = everyType(root).filter(isNamed);
  if (root.namespace === "") for (const type of named) type.namespace = "moved";
  else choices.among(named).namespace = "moved";
};

/** As when a record is split: readers fall back on the old shape of it. */
const fallBack: Change = (root, choices) => {
  const record = choices.among(records(root));
  const name = `${record.name}Old`;
  const uses = places(root).filter(({ type }) => type === record);
  const taken = everyType(root).some((type) => isNamed(type) && type.name === name);
  if (taken || uses.length === 0) return;
  const fields = record.fields.map((field) => ({ ...field, aliases: [...field.aliases] }));
  const older: RecordDraft = { ...record, name, aliases: [fullName(record)], fields };
  record.fields.push({ ...blankField(record), type: primitive("string") });
  choices.among(uses).put({ kind: "union", branches: [record, older] });
};

const widen: Change = (root, choices) => exchange(root, choices, WIDER);
const narrow: Change = (root, choices) => exchange(root, choices, NARROWER);

const changeType: Change = (root, choices) => {
  const all = places(root);
  if (all.length > 0) choices.among(all).put(new Inventor(choices, root).type(2, true));
};

const changeLogical: Change = (root, choices) => {
  const decimals = everyType(root).filter(
    (type) => "logical" in type && type.logical.logicalType === "decimal",
  );
  const bare = everyType(root).filter((type) => "logical" in type && type.kind === "bytes");
  const types = [...decimals, ...bare] as PrimitiveDraft[];
  if (types.length === 0) return;
  choices.among(types).logical = choices.among([
    { logicalType: "decimal", precision: 9, scale: 4 },
    { logicalType: "decimal", precision: 8, scale: 2 },
    {},
  ]);
};

const makeOptional: Change = (root, choices) => {
  const bare = places(root).filter(({ type, inUnion }) => !inUnion && type.kind !== "union");
  if (bare.length === 0) return;
  const place = choices.among(bare);
  place.put({ kind: "union", branches: distinct([primitive("null"), place.type]) });
};

const makeRequired: Change = (root, choices) => {
  const optional = places(root).filter(({ type }) => type.kind === "union" && type.branches.length === 2);
  if (optional.length === 0) return;
  const place = choices.among(optional);
  place.put((place.type as UnionDraft).branches[1]!);
};

const addBranch: Change = (root, choices) => {
  const union = someUnion(root, choices);
  if (union) union.branches = distinct([...union.branches, new Inventor(choices, root).type(2, true)]);
};

const removeBranch: Change = (root, choices) => {
  const union = someUnion(root, choices);
  if (union && union.branches.length > 1) union.branches.splice(choices.below(union.branches.length), 1);
};

const reorderBranches: Change = (root, choices) => {
  someUnion(root, choices)?.branches.reverse();
};

const changeEnum: Change = (root, choices) => {
  const enums = everyType(root).filter((type): type is EnumDraft => type.kind === "enum");
  if (enums.length === 0) return;
  const type = choices.among(enums);
  switch (choices.among(["add", "remove", "reorder", "default"] as const)) {
    case "add":
      type.symbols.push(`S${type.symbols.length}_${choices.below(256)}`);
      type.symbols = [...new Set(type.symbols)];
      break;
    case "remove":
      if (type.symbols.length > 1) type.symbols.pop();
      break;
    case "reorder":
      type.symbols.reverse();
      break;
    case "default":
      type.default = type.default === undefined ? type.symbols[0] : undefined;
  }
  if (type.default !== undefined && !type.symbols.includes(type.default)) type.default = type.symbols[0];
};

const changeSize: Change = (root, choices) => {
  const fixed = everyType(root).filter((type) => type.kind === "fixed");
  if (fixed.length > 0) choices.among(fixed).size = choices.among([16, 17, 20]);
};

/** Those that mostly do no harm more often, so that about half of the pairs are compatible. */
const CHANGES: readonly Change[] = [
  ...[addField, addField, addField, removeField, removeField, renameField, reorderFields, comment],
  ...[mergeFields, dropDefault, renameType, moveNamespace, fallBack, widen, narrow, narrow, changeType],
  ...[changeType, changeLogical, makeOptional, makeRequired, makeRequired, addBranch, removeBranch],
  ...[reorderBranches, changeEnum, changeEnum, changeSize],
];

const WIDER: Partial<Record<PrimitiveKind, readonly PrimitiveKind[]>> = {
  int: ["long", "float", "double"],
  long: ["float", "double"],
  float: ["double"],
  string: ["bytes"],
  bytes: ["string"],
};

const NARROWER: typeof WIDER = {
  double: ["float", "long", "int"],
  float: ["long", "int"],
  long: ["int"],
  bytes: ["string"],
  string: ["bytes"],
};

function exchange(root: RecordDraft, choices: Choices, into: typeof WIDER): void {
  const affected = places(root).filter(({ type }) => type.kind in into);
  if (affected.length === 0) return;
  const place = choices.among(affected);
  place.put(primitive(choices.among(into[place.type.kind as PrimitiveKind]!)));
}

/** Where a type stands, and how to put another one there. */
interface Place {
  readonly type: Draft;
  readonly inUnion: boolean;
  /** What a union has already it does not get twice. */
  put(type: Draft): void;
}

function places(root: RecordDraft): Place[] {
  return everyType(root).flatMap((owner): Place[] => {
    switch (owner.kind) {
      case "array":
        return [place(owner.items, (type) => Object.assign(owner, { items: type }))];
      case "map":
        return [place(owner.values, (type) => Object.assign(owner, { values: type }))];
      case "record":
        return owner.fields.map((field) => place(field.type, (type) => Object.assign(field, { type })));
      case "union":
        return owner.branches.map((branch, index) => ({
          type: branch,
          inUnion: true,
          put: (type) => {
            const types = type.kind === "union" ? type.branches : [type];
            owner.branches = distinct(owner.branches.toSpliced(index, 1, ...types));
          },
        }));
      default:
        return [];
    }
  });
}

function place(type: Draft, put: (type: Draft) => void): Place {
  return { type, inUnion: false, put };
}

function records(root: RecordDraft): RecordDraft[] {
  return everyType(root).filter((type) => type.kind === "record");
}

function someUnion(root: RecordDraft, choices: Choices): UnionDraft | undefined {
  const unions = everyType(root).filter((type) => type.kind === "union");
  return unions.length === 0 ? undefined : choices.among(unions);
}

function namesIn(record: RecordDraft): Set<string> {
  return new Set(record.fields.flatMap(({ name, aliases }) => [name, ...aliases]));
}

function blankField(record: RecordDraft): Omit<FieldDraft, "type"> {
  const name = freshFieldName(namesIn(record));
  return { name, aliases: [], doc: undefined, order: undefined, defaultSeed: undefined };
}

/** Whether it is a record that holds itself with no list and no null between: no datum of it would ever end. */
function holdsItself(draft: Draft, within: ReadonlySet<Draft> = new Set()): boolean {
  switch (draft.kind) {
    case "record": {
      if (within.has(draft)) return true;
      const inner = new Set(within).add(draft);
      return draft.fields.some(({ type }) => holdsItself(type, inner));
    }
    case "union":
      return (
        !draft.branches.some(({ kind }) => kind === "null") &&
        draft.branches.some((branch) => holdsItself(branch, within))
      );
    default:
      return false;
  }
}

// avsc as a second opinion on what can be read, with its known fault named.

import avro from "avsc";
import type { Json } from "./draft.ts";

/** avsc's own type. Every union's value is wrapped in its branch's name. Throws what avsc says of an invalid schema. */
export function avscType(schema: unknown): avro.Type {
  return avro.Type.forSchema(schema as avro.Schema, { wrapUnions: true, omitRecordMethods: true });
}

/** The Parsing Canonical Form, by avsc. */
export function avscCanonicalForm(schema: Json): string {
  return JSON.stringify(avscType(schema).schema());
}

/**
 * What comes of reading all of `data`: "reads"; "refuses", as no resolver can be built; or "breaks", avsc's known
 * fault. It keeps the resolver of two records before it is finished and takes it for a good one even after it turned
 * out that there can be none, which shows when data gets there, if it does. Anything else is thrown.
 */
export function avscReads(reader: avro.Type, writer: avro.Type, data: readonly Buffer[]) {
  const resolver = resolverOf(reader, writer);
  if (!resolver) return "refuses";
  for (const bytes of data) {
    try {
      const value = reader.fromBuffer(bytes, resolver);
      if (!reader.isValid(value)) throw new Error(`avsc read what is not valid: ${JSON.stringify(value)}`);
    } catch (error) {
      if (error instanceof TypeError && /_read is not a function$/.test(error.message)) return "breaks";
      throw error;
    }
  }
  return "reads";
}

/** The same by an avsc without that fault: resolvers that failed are forgotten, and those made of them. */
export function mendedAvscReads(...[reader, writer, data]: Parameters<typeof avscReads>) {
  const prototype = avro.Type.prototype as { createResolver: CreateResolver };
  const { createResolver } = prototype;
  prototype.createResolver = function (type, options) {
    const before = new Set(Object.keys(options.registry));
    try {
      return createResolver.call(this, type, options);
    } catch (error) {
      for (const key of Object.keys(options.registry)) if (!before.has(key)) delete options.registry[key];
      throw error;
    }
  };
  try {
    return avscReads(reader, writer, data);
  } finally {
    prototype.createResolver = createResolver;
  }
}

type CreateResolver = (
  this: avro.Type,
  type: avro.Type,
  options: { ignoreNamespaces: boolean; registry: { [key: string]: unknown } },
) => avro.Resolver;

function resolverOf(reader: avro.Type, writer: avro.Type): avro.Resolver | undefined {
  try {
    return (reader.createResolver as CreateResolver)(writer, { ignoreNamespaces: true, registry: {} });
  } catch (error) {
    if (error instanceof Error && REFUSALS.test(error.message)) return undefined;
    throw error;
  }
}

/** The last is how it refuses to read as a record what is none. */
const REFUSALS =
  /^(cannot read |no alias found for |no matching field for |ambiguous aliasing for |Cannot read properties of undefined \(reading 'length'\))/;

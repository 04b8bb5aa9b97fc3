// What NATS must hold and allow, derived from the services' reaction tables and nothing else.

import { factTypes } from "../contracts/events.ts";
import { type AnyService, consumes, emits } from "../service/define.ts";
import type { Origin } from "../service/parked.ts";

/** The stream that holds the whole flow, in one order. */
export const FLOW_STREAM = "ORDER_FLOW";

/** The stream of messages that a service could not handle. */
export const PARKED_STREAM = "PARKED";

/** The key-value bucket of every schema that was ever written with, and the stream that is behind it. */
export const SCHEMA_BUCKET = "SCHEMAS";
export const SCHEMA_STREAM = `KV_${SCHEMA_BUCKET}`;

/** The subjects of the flow: one pattern for each fact that any of the services says, and what operators say. */
export function flowSubjects(services: readonly AnyService[]): string[] {
  return [...saidSubjects(services), ...wishSubjects("*")];
}

/** One pattern for each fact that any of the services says. */
export function saidSubjects(services: readonly AnyService[]): string[] {
  const said = new Set(services.flatMap(emits));
  return factTypes.filter((type) => said.has(type)).map(pattern);
}

/** The subjects of a service's consumer. */
export function filterSubjects(service: AnyService): string[] {
  return [...consumes(service).map(pattern), ...wishSubjects(service.name)];
}

function wishSubjects(service: string): string[] {
  return (Object.keys(wishes) as (keyof typeof wishes)[]).map((said) => wishSubject(said, service, "*"));
}

/** The subject that a service parks a message on: there is one for each message, and what it holds last is what counts. */
export function parkedSubject(service: string, { key, place }: Pick<Origin, "key" | "place">): string {
  return `parked.${service}.${key}.${place}`;
}

/** What operators say in the stream of the flow, of messages that a service has parked. */
export const wishes = { redriven: "redrive", discarded: "discard" } as const;

/** The subject on which an operator says that a service's messages of a key are redriven, or discarded. */
export function wishSubject(said: keyof typeof wishes, service: string, key: string): string {
  return `${said}.${service}.${key}`;
}

/** The names of the NATS users of who creates streams and consumers, of who looks after parked messages, and of who only looks. */
export const ADMIN = "admin";
export const OPERATOR = "operator";
export const MONITOR = "monitor";

/** Everyone who needs a password for NATS. */
export function users(services: readonly Pick<AnyService, "name">[]): string[] {
  return [ADMIN, OPERATOR, MONITOR, ...services.map(({ name }) => name)];
}

/** The subject behind the key of a schema: `order.created.` and its fingerprint. `*` and `>` stand for several. */
export function schemaSubject(key: string): string {
  return `$KV.${SCHEMA_BUCKET}.${key}`;
}

/** The prefix of a user's reply subjects, so that nobody can read another's. */
export function inboxPrefix(user: string): string {
  return `_INBOX_${user}`;
}

/** What a service's NATS user may do, and no more. */
export function permissions(service: AnyService): { publish: string[]; subscribe: string[] } {
  const { name } = service;
  const said = emits(service);
  return {
    publish: [
      ...said.map(pattern),
      ...said.map((type) => schemaSubject(pattern(type))),
      // Looks whether the stream still has what was said.
      ...said.map((type) => `$JS.API.DIRECT.GET.${FLOW_STREAM}.${pattern(type)}`),
      parkedSubject(name, ANY),
      // Reads again what it has parked itself.
      `$JS.API.DIRECT.GET.${PARKED_STREAM}.${parkedSubject(name, ANY)}`,
      // Reads every schema of an event at once when it starts; then one schema, to read what was written with it.
      `$JS.API.DIRECT.GET.${SCHEMA_STREAM}`,
      `$JS.API.DIRECT.GET.${SCHEMA_STREAM}.${schemaSubject(">")}`,
      // Looks how long messages are kept.
      `$JS.API.STREAM.INFO.${FLOW_STREAM}`,
      `$JS.API.STREAM.INFO.${PARKED_STREAM}`,
      `$JS.API.CONSUMER.INFO.${FLOW_STREAM}.${name}`,
      `$JS.API.CONSUMER.MSG.NEXT.${FLOW_STREAM}.${name}`,
      `$JS.ACK.${FLOW_STREAM}.${name}.>`,
      `$JS.ACK.*.*.${FLOW_STREAM}.${name}.>`,
    ],
    subscribe: [`${inboxPrefix(name)}.>`],
  };
}

/** What the operators' NATS user may do: look through what is parked, and say what is to become of it. */
export function operatorPermissions(): { publish: string[]; subscribe: string[] } {
  return {
    publish: [
      ...wishSubjects("*"),
      `$JS.API.STREAM.INFO.${PARKED_STREAM}`,
      `$JS.API.DIRECT.GET.${PARKED_STREAM}`,
      `$JS.API.DIRECT.GET.${PARKED_STREAM}.>`,
    ],
    subscribe: [`${inboxPrefix(OPERATOR)}.>`],
  };
}

/** What the monitor's NATS user may do: look. It can neither say nor take anything, and makes no consumer of its own. */
export function monitorPermissions(services: readonly AnyService[]): {
  publish: string[];
  subscribe: string[];
} {
  const streams = [FLOW_STREAM, PARKED_STREAM, SCHEMA_STREAM];
  return {
    publish: [
      ...streams.flatMap((stream) => [
        `$JS.API.STREAM.INFO.${stream}`,
        `$JS.API.DIRECT.GET.${stream}`,
        `$JS.API.DIRECT.GET.${stream}.>`,
      ]),
      ...services.map(({ name }) => `$JS.API.CONSUMER.INFO.${FLOW_STREAM}.${name}`),
    ],
    subscribe: [`${inboxPrefix(MONITOR)}.>`],
  };
}

const ANY = { key: "*", place: "*" };

function pattern(type: string): string {
  return `${type}.*`;
}

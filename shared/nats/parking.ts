// The stream PARKED as one service sees it: what could not be handled, with why, under a subject for each message.

import {
  type JetStreamClient,
  type JetStreamManager,
  jetstreamManager,
  type StoredMsg,
} from "@nats-io/jetstream";
import { headers, type MsgHdrs, MsgHdrsImpl, type NatsConnection } from "nats";
import type { Event } from "../contracts/events.ts";
import type { Origin, Parked } from "../service/parked.ts";
import type { Found, Parking } from "../service/redriver.ts";
import { type Message, oneLine, readEvent } from "./headers.ts";
import { PARKED_STREAM, parkedSubject } from "./topology.ts";

const TIMEOUT_MS = 5_000;
/** The most bytes of a message's own headers: of the 64 KiB that there are, its cause and stack need some. */
const MAX_HEADERS = 40 * 1024;
/** The colon, the space and the end of a line of headers, in bytes. */
const PUNCTUATION = 4;
const MAX_CAUSE = 1_000;
const MAX_STACK = 4_000;
const END_OF_HEADERS = "\r\n\r\n";
/** How long PARKED remembers that a message has ended. */
const NOTE_FOR = "24h";

/** The messages that a connected service has put aside. */
export class NatsParking implements Parking {
  readonly #js: JetStreamClient;
  readonly #manager: Promise<JetStreamManager>;
  readonly #service: string;

  constructor(connection: NatsConnection, js: JetStreamClient, service: string) {
    this.#js = js;
    this.#manager = jetstreamManager(connection, { checkAPI: false, timeout: TIMEOUT_MS });
    this.#service = service;
  }

  async stream(): Promise<string> {
    return (await (await this.#manager).streams.info(PARKED_STREAM)).created;
  }

  async put(origin: Origin, message: Uint8Array, parked: Parked): Promise<number> {
    const { subject, headers: said, data } = unpacked(message);
    const { cause, stack, fingerprint, attempts, firstAt, lastAt, isWaiting, redrives } = parked;
    said.set("Quadrille-Service", this.#service);
    said.set("Quadrille-Subject", subject);
    said.set("Quadrille-Place", origin.place);
    said.set("Quadrille-Sequence", `${origin.sequence}`);
    said.set("Quadrille-State", isWaiting ? "waiting" : "failed");
    said.set("Quadrille-Cause", oneLine(cause).slice(0, MAX_CAUSE));
    said.set("Quadrille-Stack", oneLine(stack).slice(0, MAX_STACK));
    said.set("Quadrille-Fingerprint", fingerprint);
    said.set("Quadrille-Attempts", `${attempts}`);
    said.set("Quadrille-Redrives", `${redrives}`);
    said.set("Quadrille-First-Attempt", new Date(firstAt).toISOString());
    said.set("Quadrille-Last-Attempt", new Date(lastAt).toISOString());
    return this.#publish(origin, data, said);
  }

  async find(origin: Origin): Promise<Found | undefined> {
    const { direct } = await this.#manager;
    const last_by_subj = parkedSubject(this.#service, origin);
    const stored = await direct.getMessage(PARKED_STREAM, { last_by_subj });
    const message = stored && parkedMessage(stored);
    if (!message) return undefined;
    const { parked } = whyParked(stored.subject, stored.header)!;
    return { message: packed(message), parked, number: stored.seq };
  }

  read(message: Uint8Array): Event {
    return readEvent(unpacked(message));
  }

  async end(origin: Origin): Promise<void> {
    const note = headers();
    note.set("Quadrille-State", "ended");
    note.set("Nats-TTL", NOTE_FOR);
    await this.#publish(origin, new Uint8Array(), note);
  }

  async #publish(origin: Origin, data: Uint8Array, said: MsgHdrs): Promise<number> {
    const subject = parkedSubject(this.#service, origin);
    return (await this.#js.publish(subject, data, { headers: said, timeout: TIMEOUT_MS })).seq;
  }
}

/** A message as bytes: its headers as NATS sends them, its subject among them, and its data. */
export function packed(message: Message): Uint8Array {
  const said = sayable(message) as MsgHdrsImpl;
  said.set("Quadrille-Subject", message.subject);
  return Buffer.concat([said.encode(), message.data]);
}

/** The message in such bytes. */
export function unpacked(bytes: Uint8Array): Message & { readonly headers: MsgHdrs } {
  const from = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).indexOf(END_OF_HEADERS);
  const end = from + END_OF_HEADERS.length;
  const said = MsgHdrsImpl.decode(bytes.subarray(0, end));
  return { subject: said.get("Quadrille-Subject"), headers: said, data: bytes.subarray(end) };
}

/** Which message an entry of PARKED is about, and why it is there; undefined when it has ended. */
export function whyParked(
  subject: string,
  headers: MsgHdrs,
): { readonly origin: Origin; readonly parked: Parked } | undefined {
  const said = (name: string) => headers.get(`Quadrille-${name}`);
  if (!said("Subject")) return undefined;
  const [, , key = "", place = ""] = subject.split(".");
  return {
    origin: { key, place, sequence: Number(said("Sequence")) },
    parked: {
      cause: said("Cause"),
      stack: said("Stack"),
      fingerprint: said("Fingerprint"),
      attempts: Number(said("Attempts")),
      redrives: Number(said("Redrives")),
      firstAt: Date.parse(said("First-Attempt")),
      lastAt: Date.parse(said("Last-Attempt")),
      isWaiting: said("State") === "waiting",
    },
  };
}

/** The message that an entry of PARKED is about, as it came; undefined when it has ended. */
export function parkedMessage({ header, data }: Pick<StoredMsg, "header" | "data">): Message | undefined {
  const original = header.get("Quadrille-Subject");
  return original ? { subject: original, headers: header, data } : undefined;
}

/** A message's headers but for the broker's, which would act on a copy as well. None if no client may read them. */
export function sayable(message: Message): MsgHdrs {
  const copied = headers();
  try {
    let size = 0;
    for (const [name, values] of message.headers ?? []) {
      if (name.startsWith("Nats-")) continue;
      for (const value of values) {
        size += Buffer.byteLength(name) + Buffer.byteLength(value) + PUNCTUATION;
        if (size <= MAX_HEADERS) copied.append(name, value);
      }
    }
    return copied;
  } catch {
    return headers();
  }
}

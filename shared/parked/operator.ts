// The operators' connection to NATS: reads what is parked, and says what is to become of it.

import { setTimeout as sleep } from "node:timers/promises";
import { type JetStreamClient, type JetStreamManager, jetstream, jetstreamManager } from "@nats-io/jetstream";
import { headers, type NatsConnection } from "nats";
import { connectNats, whyNot } from "../nats/connect.ts";
import { oneLine } from "../nats/headers.ts";
import { OPERATOR, PARKED_STREAM, parkedSubject, type wishes, wishSubject } from "../nats/topology.ts";
import { carriesEvent, type Entry, entryOf } from "./entries.ts";

/** What became of an entry: it has ended, it has failed once more, or nothing yet. */
export type Became = "ended" | Entry | undefined;

const PAGE = 500;
const TIMEOUT_MS = 5_000;
const LOOK_EVERY_MS = 50;

/** An operator at work. */
export class Operator {
  readonly #connection: NatsConnection;
  readonly #js: JetStreamClient;
  readonly #manager: JetStreamManager;

  private constructor(connection: NatsConnection, manager: JetStreamManager) {
    this.#connection = connection;
    this.#js = jetstream(connection);
    this.#manager = manager;
  }

  /** Connects. Rejects when NATS is not there, or does not know the password. */
  static async connect(url: string, password: string): Promise<Operator> {
    const account = { url, user: OPERATOR, password };
    const connection = await connectNats(account, false).catch((cause) => {
      throw whyNot(account, cause);
    });
    const manager = await jetstreamManager(connection, { checkAPI: false, timeout: TIMEOUT_MS });
    return new Operator(connection, manager);
  }

  /** Everything that is parked, oldest first. */
  async entries(): Promise<Entry[]> {
    const { state } = await this.#manager.streams.info(PARKED_STREAM);
    const entries: Entry[] = [];
    let seq = state.first_seq;
    while (state.messages > 0 && seq <= state.last_seq) {
      const page = await this.#manager.direct.getBatch(PARKED_STREAM, { seq, batch: PAGE });
      const before = seq;
      for await (const stored of page) {
        seq = stored.seq + 1;
        const entry = entryOf(stored);
        if (entry) entries.push(entry);
      }
      if (seq === before) break; // What was there has ended meanwhile.
    }
    return entries;
  }

  /** Says in the stream of the flow that an entry is redriven or discarded, by whom and why, in one line each; a repeat says nothing new. */
  async say(said: keyof typeof wishes, entry: Entry, by: string, reason?: string): Promise<void> {
    const { id, service, key, place, eventId, lastAttempt } = entry;
    const about = headers();
    about.set("Quadrille-Place", place);
    about.set("Quadrille-Parked", `${id}`);
    about.set("Quadrille-By", oneLine(by));
    if (carriesEvent(entry)) about.set("Quadrille-Event", eventId!);
    if (reason) about.set("Quadrille-Reason", oneLine(reason));
    const subject = wishSubject(said, service, key);
    // Not by its number: in a PARKED that was made anew it may have the same one, or another.
    const msgID = `${said}.${service}.${place}.${lastAttempt}`;
    await this.#js.publish(subject, "", { headers: about, msgID, timeout: TIMEOUT_MS });
  }

  /** What has become of an entry within `withinMs`. */
  async outcome(entry: Entry, withinMs: number): Promise<Became> {
    const last_by_subj = parkedSubject(entry.service, entry);
    for (const deadline = Date.now() + withinMs; ; ) {
      const stored = await this.#manager.direct.getMessage(PARKED_STREAM, { last_by_subj });
      if (!stored) return "ended";
      if (stored.seq !== entry.id) return entryOf(stored) ?? "ended";
      if (Date.now() >= deadline) return undefined;
      await sleep(LOOK_EVERY_MS);
    }
  }

  async close(): Promise<void> {
    await this.#connection.close();
  }
}

// The monitor's connection to NATS: it looks at streams and consumers and reads messages, by requests that leave nothing behind.

import {
  type ConsumerInfo,
  type DirectBatchOptions,
  type DirectLastFor,
  JetStreamApiCodes,
  JetStreamApiError,
  type JetStreamManager,
  jetstreamManager,
  type StoredMsg,
} from "@nats-io/jetstream";
import {
  ClosedConnectionError,
  type NatsConnection,
  type QueuedIterator,
  RequestError,
  TimeoutError,
} from "nats";
import { type Account, connectNats } from "./connect.ts";
import { FLOW_STREAM, PARKED_STREAM, parkedSubject, SCHEMA_STREAM } from "./topology.ts";

/** A message as a stream holds it. */
export type Stored = StoredMsg;

/** What a stream holds. */
export interface StreamStand {
  readonly messages: number;
  readonly firstSeq: number;
  readonly lastSeq: number;
  /** Another text as soon as it may have lost something: it was made anew, or the broker was away. */
  readonly life: string;
}

const TIMEOUT_MS = 2_000;
/** The most messages of one order, or of one lane, that are read. */
const MOST_OF_ONE = 500;
const PAGE = 500;

/** The broker is away, or does not answer. */
class NatsAwayError extends Error {
  override name = "NatsAwayError";
}

const AWAY = [NatsAwayError, TimeoutError, RequestError, ClosedConnectionError];
/** That JetStream has not begun; the client does not export it. */
const NOT_ENABLED = "JetStreamNotEnabled";

/** Whether what was asked of NATS failed since nobody answers; else NATS is there, and something else is wrong. */
export function isAway(error: unknown): boolean {
  return AWAY.some((one) => error instanceof one) || (error as Error).name === NOT_ENABLED;
}

/** Until when somebody has paused a consumer, in milliseconds since 1970; undefined if nobody has. */
export function pausedUntil({ paused, pause_remaining }: ConsumerInfo): number | undefined {
  return paused ? Date.now() + Math.round((pause_remaining ?? 0) / 1e6) : undefined;
}

/** Looks, and counts how often it asked. Whatever is asked of it rejects while the broker is away, or within 2 s. */
export class NatsObserver {
  /** How many requests were made so far. */
  requests = 0;
  readonly #connection: NatsConnection;
  readonly #manager: JetStreamManager;
  #isConnected = true;
  #connections = 1;

  private constructor(connection: NatsConnection, manager: JetStreamManager) {
    this.#connection = connection;
    this.#manager = manager;
    this.#watch();
  }

  /** Connects; waits for a broker that is not there yet if `wait` says so, and rejects when it refuses the user. */
  static async connect(account: Account, wait: boolean): Promise<NatsObserver> {
    const connection = await connectNats(account, wait);
    return new NatsObserver(
      connection,
      await jetstreamManager(connection, { checkAPI: false, timeout: TIMEOUT_MS }),
    );
  }

  /** Another one on the same connection, which counts for itself. */
  another(): NatsObserver {
    return new NatsObserver(this.#connection, this.#manager);
  }

  get connection(): NatsConnection {
    return this.#connection;
  }

  get isConnected(): boolean {
    return this.#isConnected;
  }

  /** How a stream stands. */
  async stream(name: string): Promise<StreamStand> {
    this.#ask();
    const life = this.#connections;
    const { state, created } = await this.#manager.streams.info(name);
    const { messages, first_seq: firstSeq, last_seq: lastSeq } = state;
    return { messages, firstSeq, lastSeq, life: `${created} ${life}` };
  }

  /** How a service's consumer stands; undefined when there is none. */
  async consumer(service: string): Promise<ConsumerInfo | undefined> {
    this.#ask();
    try {
      return await this.#manager.consumers.info(FLOW_STREAM, service);
    } catch (error) {
      if (error instanceof JetStreamApiError && error.code === JetStreamApiCodes.ConsumerNotFound)
        return undefined;
      throw error;
    }
  }

  /** The messages of a stream from a sequence number on, `count` at most. */
  messages(stream: string, seq: number, count: number): Promise<Stored[]> {
    return this.#read((direct) => direct.getBatch(stream, { seq, batch: count }));
  }

  /** The first message from a sequence number on that has one of these subjects. */
  async first(stream: string, seq: number, subjects: readonly string[]): Promise<Stored | undefined> {
    const found = await Promise.all(
      subjects.map((next_by_subj) => {
        this.#ask();
        return this.#manager.direct.getMessage(stream, { seq, next_by_subj });
      }),
    );
    return found.filter((message) => message !== null).sort((a, b) => a.seq - b.seq)[0];
  }

  /** All that the flow says of a key, facts and operators' words, oldest first; 500 messages at most. */
  about(key: string): Promise<Stored[]> {
    return this.#all(FLOW_STREAM, `*.*.${key}`);
  }

  /** How many messages the flow has of a key, by subject. */
  subjectsOf(key: string): Promise<Record<string, number>> {
    return this.#subjects(FLOW_STREAM, `*.*.${key}`);
  }

  /** What services have parked of a key. */
  parkedOf(key: string): Promise<Stored[]> {
    return this.#all(PARKED_STREAM, parkedSubject("*", { key, place: "*" }));
  }

  /** Every schema in the bucket, oldest first, and when it was put there. */
  async schemas(): Promise<Stored[]> {
    const all: Stored[] = [];
    for (let seq = 1; ; ) {
      const page = await this.messages(SCHEMA_STREAM, seq, PAGE);
      all.push(...page);
      if (page.length < PAGE) return all;
      seq = page.at(-1)!.seq + 1;
    }
  }

  async close(): Promise<void> {
    await this.#connection.close();
  }

  /** The messages on a subject with wildcards: the last of each subject at once, and the earlier ones where there are some. */
  async #all(stream: string, filter: string): Promise<Stored[]> {
    const subjects = Object.entries(await this.#subjects(stream, filter)).slice(0, MOST_OF_ONE);
    if (subjects.length === 0) return [];
    const several = subjects.filter(([, count]) => count > 1).map(([subject]) => subject);
    const found = await Promise.all([
      this.#read((direct) => direct.getLastMessagesFor(stream, { multi_last: [filter] })),
      ...several.map((next_by_subj) =>
        this.#read((direct) => direct.getBatch(stream, { seq: 1, batch: MOST_OF_ONE, next_by_subj })),
      ),
    ]);
    const bySeq = new Map(found.flat().map((message) => [message.seq, message]));
    return [...bySeq.values()].sort((a, b) => a.seq - b.seq).slice(0, MOST_OF_ONE);
  }

  async #subjects(stream: string, filter: string): Promise<Record<string, number>> {
    this.#ask();
    const { state } = await this.#manager.streams.info(stream, { subjects_filter: filter });
    return state.subjects ?? {};
  }

  /** Reads a batch to its end; an empty one is none. */
  async #read(ask: (direct: Direct) => Promise<QueuedIterator<Stored>>): Promise<Stored[]> {
    this.#ask();
    const all: Stored[] = [];
    const batch = await ask(this.#manager.direct);
    const timer = setTimeout(() => batch.stop(new NatsAwayError("NATS does not answer")), TIMEOUT_MS);
    try {
      for await (const message of batch) all.push(message);
    } finally {
      clearTimeout(timer);
    }
    return all;
  }

  #ask(): void {
    if (!this.#isConnected) throw new NatsAwayError("NATS is not reachable");
    this.requests++;
  }

  async #watch(): Promise<void> {
    for await (const { type } of this.#connection.status()) {
      if (type === "disconnect") this.#isConnected = false;
      else if (type === "reconnect") {
        this.#isConnected = true;
        this.#connections++;
      }
    }
  }
}

interface Direct {
  getBatch(stream: string, options: DirectBatchOptions): Promise<QueuedIterator<Stored>>;
  getLastMessagesFor(stream: string, options: DirectLastFor): Promise<QueuedIterator<Stored>>;
}

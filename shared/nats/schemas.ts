// The bucket SCHEMAS over NATS: read by direct gets, which need no consumer, and only ever added to.

import {
  JetStreamApiError,
  type JetStreamClient,
  type JetStreamManager,
  jetstream,
  jetstreamManager,
  type StoredMsg,
} from "@nats-io/jetstream";
import { type NatsConnection, RequestError } from "nats";
import type { KeptSchema, SchemaBucket } from "../service/agreement.ts";
import { SCHEMA_STREAM, schemaSubject } from "./topology.ts";

const TIMEOUT_MS = 5_000;
const NO_RESPONDERS = 503;

/** The bucket as a connected service sees it. Whatever is asked of it rejects when the answer takes more than 5 s. */
export class NatsSchemaBucket implements SchemaBucket {
  readonly #js: JetStreamClient;
  readonly #manager: Promise<JetStreamManager>;

  constructor(connection: NatsConnection) {
    this.#js = jetstream(connection);
    this.#manager = jetstreamManager(connection, { checkAPI: false, timeout: TIMEOUT_MS });
  }

  /** All of one event in one request: 1,024 at most, the broker's bound. */
  async all(event: string): Promise<KeptSchema[]> {
    const { direct } = await this.#manager;
    const messages: StoredMsg[] = [];
    await new Promise<void>((resolve, reject) => {
      let timer: NodeJS.Timeout;
      const callback = (done: { err?: Error } | null, message: StoredMsg) => {
        if (!done) return messages.push(message);
        clearTimeout(timer);
        return done.err ? reject(explained(done.err)) : resolve();
      };
      const multi_last = [schemaSubject(`${event}.*`)];
      direct.getLastMessagesFor(SCHEMA_STREAM, { multi_last, callback }).then((answer) => {
        const late = new Error("the bucket SCHEMAS does not answer");
        timer = setTimeout(() => answer.stop(late), TIMEOUT_MS);
      }, reject);
    });
    if ((messages.at(-1)?.pending ?? 0) > 0) {
      throw new Error(`the bucket SCHEMAS has more of ${event} than NATS gives at once`);
    }
    return messages
      .sort((a, b) => a.seq - b.seq)
      .map((message) => ({
        fingerprint: message.subject.slice(message.subject.lastIndexOf(".") + 1),
        text: message.string(),
      }));
  }

  async find(event: string, fingerprint: string): Promise<string | undefined> {
    const { direct } = await this.#manager;
    try {
      const subject = schemaSubject(`${event}.${fingerprint}`);
      const message = await direct.getMessage(SCHEMA_STREAM, { last_by_subj: subject });
      return message?.string();
    } catch (error) {
      throw explained(error);
    }
  }

  async create(event: string, { fingerprint, text }: KeptSchema): Promise<void> {
    const onlyNew = { expect: { lastSubjectSequence: 0 }, timeout: TIMEOUT_MS };
    try {
      await this.#js.publish(schemaSubject(`${event}.${fingerprint}`), text, onlyNew);
    } catch (error) {
      const isThere =
        error instanceof JetStreamApiError && (await this.find(event, fingerprint)) !== undefined;
      if (!isThere) throw explained(error);
    }
  }
}

/** The client's error, or in its place what it means when nobody answers for the bucket. */
function explained(error: unknown): Error {
  const isAbsent =
    (error instanceof RequestError && error.isNoResponders()) ||
    (error as { code?: unknown }).code === NO_RESPONDERS;
  if (isAbsent) return new Error("NATS has no bucket SCHEMAS: it is not provisioned yet", { cause: error });
  return error as Error;
}

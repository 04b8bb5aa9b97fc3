// Ties a runtime to NATS: deliveries in, facts out, and word of whether the broker is there.

import { setTimeout as sleep } from "node:timers/promises";
import { type Consumer, type ConsumerMessages, type JetStreamClient, jetstream } from "@nats-io/jetstream";
import type { NatsConnection } from "nats";
import type { Log } from "../observability/log.ts";
import type { SchemaBucket } from "../service/agreement.ts";
import type { Delivery } from "../service/consumer.ts";
import type { OutboxRow } from "../service/engine.ts";
import { StartRefusedError } from "../service/start-refused.ts";
import { type Account, connectNats } from "./connect.ts";
import { NatsDelivery } from "./delivery.ts";
import { publishRows } from "./publish.ts";
import { NatsSchemaBucket } from "./schemas.ts";
import { FLOW_STREAM } from "./topology.ts";

/** What the link tells the service. */
export interface LinkListener {
  take(delivery: Delivery): void;
  /** Asked before anything else, and again after a while when it rejects; a `StartRefusedError` is final. */
  agree(bucket: SchemaBucket): Promise<void>;
  /** The broker is there and agrees, for the first time or again. */
  up(): void;
}

const PREFETCH = 1_000;
// A request that is open can't be taken back: a service that stops has to wait until it expires.
const PULL = { max_messages: PREFETCH, expires: 2_000, idle_heartbeat: 1_000, bind: true };
const LOOK_EVERY_MS = 50;
const RETRY_MS = 1_000;

/** One service's connection to the broker. */
export class Link {
  readonly #account: Account;
  readonly #log: Log;
  readonly #held = new Set<NatsDelivery>();
  #connection: NatsConnection | undefined;
  #js: JetStreamClient | undefined;
  #consumer: Consumer | undefined;
  #messages: ConsumerMessages | undefined;
  /** The number that the broker gave the last delivery that came. */
  #lastDelivery = 0;
  #schemas: NatsSchemaBucket | undefined;
  #connected = false;
  #agreed = false;
  #trouble = "the schemas are not agreed on yet";
  #closing = false;
  #heartbeat: NodeJS.Timeout | undefined;

  constructor(account: Account, log: Log) {
    this.#account = account;
    this.#log = log;
  }

  /** Whether facts can come and go, and if not, why. */
  get state(): { ready: boolean; reason?: string } {
    if (!this.#connected) return { ready: false, reason: "NATS is not reachable" };
    if (!this.#messages) return { ready: false, reason: `not listening to NATS: ${this.#trouble}` };
    return { ready: true };
  }

  /** Connects, agrees on schemas, binds the consumer and begins to take deliveries, however long that takes. */
  async open(listener: LinkListener, ackWaitMs: number): Promise<void> {
    const connection = await connectNats(this.#account, true);
    if (this.#closing) return connection.close();
    this.#connection = connection;
    this.#js = jetstream(connection);
    this.#schemas = new NatsSchemaBucket(connection);
    this.#connected = true;
    this.#log.info("connected to NATS");
    this.#watch(connection, listener);
    // A held message is being worked on: the broker should not give it to anyone else meanwhile.
    this.#heartbeat = setInterval(() => {
      if (this.#connected) for (const delivery of this.#held) delivery.prolong();
    }, ackWaitMs / 3);
    const closed = connection.closed().then((error) => {
      if (!this.#closing) throw error || new Error("the connection is closed for good");
    });
    await Promise.race([this.#agree(listener).then(() => this.#consume(listener)), closed]);
  }

  /** Publishes outbox rows; see `publishRows`. Rejects at once while the broker is away, or has not agreed yet. */
  publish(rows: readonly OutboxRow[]): Promise<number> {
    if (!this.#connected) return Promise.reject(new Error("NATS is not reachable"));
    if (!this.#agreed) return Promise.reject(new Error(this.#trouble));
    return publishRows(this.#connection!, this.#js!, this.#account.user, rows);
  }

  /** What the bucket SCHEMAS keeps of an event under a fingerprint, if anything. */
  findSchema(event: string, fingerprint: string): Promise<string | undefined> {
    return this.#schemas!.find(event, fingerprint);
  }

  /** How many deliveries the broker has made to this service, in all processes. */
  async delivered(): Promise<number> {
    const consumer = await this.#js!.consumers.get(FLOW_STREAM, this.#account.user);
    return (await consumer.info(true)).delivered.consumer_seq;
  }

  /** Asks for no more deliveries; resolves once all that were on their way are here, or after `timeoutMs`. */
  async pause(timeoutMs: number): Promise<void> {
    this.#closing = true;
    const messages = this.#messages;
    if (!messages) return;
    const allHere = this.#hearOut(messages).catch(() => {});
    if (this.#connected) await Promise.race([allHere, sleep(timeoutMs)]);
    await messages.close();
  }

  /** Sends what is still to be sent and disconnects; a broker that does not answer is left after `timeoutMs`. */
  async close(timeoutMs: number): Promise<void> {
    this.#closing = true;
    clearInterval(this.#heartbeat);
    const connection = this.#connection;
    const closed = this.#connected ? connection?.flush().then(() => connection.close()) : undefined;
    await Promise.race([closed?.catch(() => {}), sleep(timeoutMs)]); // What was not acked comes again.
  }

  async #agree(listener: LinkListener): Promise<void> {
    while (!this.#agreed && !this.#closing) {
      try {
        await listener.agree(this.#schemas!);
        this.#agreed = true;
        this.#trouble = "the consumer is not bound yet";
        listener.up();
      } catch (error) {
        if (this.#closing) return;
        if (error instanceof StartRefusedError) throw error;
        this.#trouble = `the schemas are not agreed on: ${(error as Error).message}`;
        this.#log.warn({ cause: (error as Error).message }, "can't agree on schemas; trying again");
        await sleep(RETRY_MS);
      }
    }
  }

  async #consume(listener: LinkListener): Promise<void> {
    const maxPayload = this.#connection!.info!.max_payload;
    const parking = { js: this.#js!, service: this.#account.user, maxPayload };
    while (!this.#closing) {
      try {
        this.#consumer = await this.#js!.consumers.get(FLOW_STREAM, this.#account.user);
        this.#lastDelivery = (await this.#consumer.info(true)).delivered.consumer_seq;
        this.#messages = await this.#consumer.consume({
          ...PULL,
          callback: (message) => {
            this.#lastDelivery = message.info.deliverySequence;
            const delivery = new NatsDelivery(message, this.#held, parking);
            listener.take(delivery);
          },
        });
        this.#log.info({ stream: FLOW_STREAM }, "listening");
        this.#watchConsumer(this.#messages);
        const error = await this.#messages.closed();
        if (!this.#closing) throw error || new Error("the subscription ended");
      } catch (error) {
        this.#messages = undefined;
        if (this.#closing) return;
        this.#trouble = (error as Error).message;
        this.#log.warn({ cause: this.#trouble }, "can't listen; trying again");
        await sleep(RETRY_MS);
      }
    }
  }

  /**
   * Asks no more and listens on until the broker says that no request of this service is open any more and that this
   * process has had the last delivery. What it sends to who has stopped listening counts as delivered, and comes again.
   */
  async #hearOut(messages: ConsumerMessages): Promise<void> {
    Object.assign(messages, { pull() {} }); // The client has no word for it: whoever stops asking stops listening.
    for (;;) {
      const { num_waiting, delivered } = await this.#consumer!.info();
      if (num_waiting === 0 && delivered.consumer_seq <= this.#lastDelivery) return;
      await sleep(LOOK_EVERY_MS);
    }
  }

  /** Binds anew when the consumer is gone, or says nothing although the broker is there. */
  async #watchConsumer(messages: ConsumerMessages): Promise<void> {
    for await (const { type } of messages.status()) {
      if (this.#closing) return;
      if (type !== "consumer_deleted" && type !== "heartbeats_missed" && type !== "no_responders") continue;
      this.#log.warn({ cause: type }, "the consumer is silent; binding it anew");
      await messages.close();
    }
  }

  async #watch(connection: NatsConnection, listener: LinkListener): Promise<void> {
    for await (const status of connection.status()) {
      if (status.type === "disconnect") {
        this.#connected = false;
        this.#log.warn("NATS is gone; facts wait in the outbox");
      } else if (status.type === "reconnect") {
        this.#connected = true;
        this.#log.info("NATS is back");
        if (this.#agreed) listener.up();
      } else if (status.type === "error") {
        this.#log.error({ cause: status.error.message }, "NATS refused something");
      }
    }
  }
}

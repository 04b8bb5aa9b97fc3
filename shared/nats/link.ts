// Ties a runtime to NATS: deliveries in, facts out, and word of whether the broker is there.

import { setTimeout as sleep } from "node:timers/promises";
import {
  type Consumer,
  type ConsumerMessages,
  type JetStreamClient,
  type JetStreamManager,
  type JsMsg,
  jetstream,
  jetstreamManager,
} from "@nats-io/jetstream";
import { millis, type NatsConnection } from "nats";
import type { Log } from "../observability/log.ts";
import type { Ages } from "../service/ages.ts";
import type { SchemaBucket } from "../service/agreement.ts";
import type { Delivery } from "../service/delivery.ts";
import type { OutboxRow } from "../service/engine.ts";
import type { KnownPast } from "../service/memory.ts";
import type { Parking } from "../service/redriver.ts";
import { StartRefusedError } from "../service/start-refused.ts";
import { type Backlog, CatchUp } from "./catch-up.ts";
import { type Account, connectNats } from "./connect.ts";
import { NatsDelivery } from "./delivery.ts";
import { Held } from "./held.ts";
import { NatsParking } from "./parking.ts";
import { untilStalled } from "./progress.ts";
import { newestFacts, newestLike, publishRows } from "./publish.ts";
import { NatsSchemaBucket } from "./schemas.ts";
import { FLOW_STREAM, PARKED_STREAM } from "./topology.ts";

/** What the link tells the service. */
export interface LinkListener {
  take(delivery: Delivery): void;
  /**
   * Asked before anything else, whenever the broker may have lost the schemas, and again after a while when it rejects. A
   * `StartRefusedError` is final where nothing was agreed on before.
   */
  agree(bucket: SchemaBucket): Promise<void>;
  /** Whether the bucket still has what was agreed on. */
  stillAgrees(bucket: SchemaBucket): Promise<boolean>;
  /** The broker is there and agrees, for the first time or again, with or without what it had. */
  up(): void;
  /** It is there still, and should have what it had: a stream may be purged without a word. */
  look(): void;
}

/** Whether a service can do its work now. */
export interface Readiness {
  readonly ready: boolean;
  readonly reason?: string;
  readonly backlog?: Backlog;
}

const PREFETCH = 1_000;
// A request that is open can't be taken back: a service that stops has to wait until it expires.
const PULL = { max_messages: PREFETCH, expires: 2_000, idle_heartbeat: 1_000, bind: true };
const LOOK_EVERY_MS = 50;
const RETRY_MS = 1_000;
const CATCH_UP_EVERY_MS = 1_000;
/** So often one schema is looked for. */
const BUCKET_EVERY_MS = 10_000;
/** So often a service looks whether the streams still have what they had, though nothing seems to have happened. */
const LOST_EVERY_MS = 10_000;

/** One service's connection to the broker. */
export class Link {
  /** What this service has parked. */
  readonly parking: Parking = {
    stream: async () => this.#reachable.stream(),
    find: async (origin) => this.#reachable.find(origin),
    put: (origin, message, parked) => this.#put(origin, message, parked),
    end: async (origin) => this.#reachable.end(origin),
    read: (message) => this.#parking!.read(message),
  };
  readonly #account: Account;
  readonly #log: Log;
  readonly #held = new Held();
  readonly #catchUp: CatchUp;
  #connection: NatsConnection | undefined;
  #js: JetStreamClient | undefined;
  #manager: JetStreamManager | undefined;
  #consumer: Consumer | undefined;
  #latest: JsMsg | undefined;
  #messages: ConsumerMessages | undefined;
  #schemas: NatsSchemaBucket | undefined;
  #parking: NatsParking | undefined;
  #connected = false;
  /** How often the connection has broken. */
  #breaks = 0;
  #agreed = false;
  /** How often what was agreed on may have been lost. */
  #doubts = 0;
  #agreeing: Promise<void> | undefined;
  #trouble = "not agreed yet with what NATS has";
  #closing = false;
  readonly #timers: NodeJS.Timeout[] = [];

  constructor(account: Account, log: Log) {
    this.#account = account;
    this.#log = log;
    this.#catchUp = new CatchUp(() => this.#held.size, log);
  }

  /** Whether facts can come and go, and if not, why; and how much there is to catch up, if it is much. */
  get state(): Readiness {
    if (!this.#connected) return { ready: false, reason: "NATS is not reachable" };
    if (!this.#messages) return { ready: false, reason: `not listening to NATS: ${this.#trouble}` };
    const { backlog } = this.#catchUp;
    return { ready: true, ...(backlog && { backlog }) };
  }

  /** How many events wait for the service or are under way, as its latest delivery told. */
  get behind(): number {
    return this.#catchUp.behind;
  }

  /** When the broker has stored what came last, in milliseconds since 1970; 0 as long as nothing has come. */
  get heardAt(): number {
    return this.#latest ? millis(this.#latest.info.timestampNanos) : 0;
  }

  /** Connects, agrees on schemas, binds the consumer and begins to take deliveries, however long that takes. */
  async open(listener: LinkListener, ackWaitMs: number): Promise<void> {
    const connection = await connectNats(this.#account, true);
    if (this.#closing) return connection.close();
    this.#connection = connection;
    this.#js = jetstream(connection);
    this.#manager = await jetstreamManager(connection, { checkAPI: false });
    this.#schemas = new NatsSchemaBucket(connection);
    this.#parking = new NatsParking(connection, this.#js, this.#account.user);
    this.#connected = true;
    this.#log.info("connected to NATS");
    this.#watch(connection, listener);
    // A held message is being worked on: the broker should not give it to anyone else meanwhile.
    this.#every(ackWaitMs / 3, () => {
      for (const delivery of this.#held) delivery.prolong();
    });
    this.#every(CATCH_UP_EVERY_MS, () => this.#catchUp.look());
    this.#every(BUCKET_EVERY_MS, () => this.#missSchemas(listener));
    this.#every(LOST_EVERY_MS, () => this.#agreed && listener.look());
    const closed = connection.closed().then((error) => {
      if (!this.#closing) throw error || new Error("the connection is closed for good");
    });
    await Promise.race([this.#agree(listener).then(() => this.#consume(listener)), closed]);
  }

  /** Publishes outbox rows; see `publishRows`. Rejects at once while the broker is away, or has not agreed yet. */
  async publish(rows: readonly OutboxRow[], again?: string): Promise<number> {
    this.#expectAgreement();
    return publishRows(this.#connection!, this.#js!, this.#account.user, rows, again);
  }

  /** Looks into the stream; see `newestLike`. Rejects as `publish` does. */
  async newestLike(row: OutboxRow): Promise<string | undefined> {
    this.#expectAgreement();
    return newestLike(this.#manager!, row);
  }

  /** What the bucket SCHEMAS keeps of an event under a fingerprint, if anything. */
  findSchema(event: string, fingerprint: string): Promise<string | undefined> {
    return this.#schemas!.find(event, fingerprint);
  }

  /** Nothing is put before it was said that the broker is up: who is told so first looks what it has lost. */
  async #put(...[origin, message, parked]: Parameters<Parking["put"]>): Promise<number> {
    this.#expectAgreement();
    const breaks = this.#breaks;
    const number = await this.#parking!.put(origin, message, parked);
    if (this.#breaks !== breaks) throw new Error("NATS was away meanwhile");
    return number;
  }

  get #reachable(): NatsParking {
    if (!this.#connected) throw new Error("NATS is not reachable");
    return this.#parking!;
  }

  /**
   * What the broker knows of this service, in all processes; what it says has these subjects, which may be patterns. Facts from
   * before `since`, in milliseconds since 1970, do not count.
   */
  knownPast(said: readonly string[], since: number): KnownPast {
    return {
      said: () => newestFacts(this.#manager!, this.#account.user, said, since),
      heard: async () => {
        const consumer = await this.#js!.consumers.get(FLOW_STREAM, this.#account.user);
        const { delivered, config } = await consumer.info(true);
        return { deliveries: delivered.consumer_seq, resumedAfter: (config.opt_start_seq ?? 1) - 1 };
      },
    };
  }

  /** How long the streams keep messages. */
  async ages(): Promise<Ages> {
    const ageOf = async (stream: string) => {
      const { max_age } = (await this.#manager!.streams.info(stream)).config;
      return max_age === 0 ? Number.POSITIVE_INFINITY : millis(max_age);
    };
    return { flowMs: await ageOf(FLOW_STREAM), parkedMs: await ageOf(PARKED_STREAM) };
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
    for (const timer of this.#timers) clearInterval(timer);
    const connection = this.#connection;
    const closed = this.#connected ? connection?.flush().then(() => connection.close()) : undefined;
    await Promise.race([closed?.catch(() => {}), sleep(timeoutMs)]); // What was not acked comes again.
  }

  /** Does something again and again while the broker is there. */
  #every(ms: number, work: () => void): void {
    this.#timers.push(setInterval(() => this.#connected && work(), ms));
  }

  #expectAgreement(): void {
    if (!this.#connected) throw new Error("NATS is not reachable");
    if (!this.#agreed) throw new Error(this.#trouble);
  }

  /** Agrees, at first or anew; no facts go meanwhile. */
  #agree(listener: LinkListener): Promise<void> {
    const isFirst = !this.#agreed;
    this.#agreed = false;
    this.#doubts++;
    this.#agreeing ??= this.#untilAgreed(listener, isFirst).finally(() => {
      this.#agreeing = undefined;
    });
    return this.#agreeing;
  }

  async #untilAgreed(listener: LinkListener, isFirst: boolean): Promise<void> {
    while (!this.#agreed && !this.#closing) {
      const doubts = this.#doubts;
      try {
        await listener.agree(this.#schemas!);
        if (this.#doubts !== doubts) continue; // What was agreed on may be lost since.
        this.#agreed = true;
        this.#trouble = "the consumer is not bound yet";
        listener.up();
      } catch (error) {
        if (this.#closing) return;
        if (isFirst && error instanceof StartRefusedError) throw error;
        const cause = (error as Error).message;
        this.#trouble = `not agreed with what NATS has: ${cause}`;
        this.#log.warn({ cause }, "can't agree with what NATS has; trying again");
        await sleep(RETRY_MS);
      }
    }
  }

  /** The bucket may be lost alone: its schemas are there again before anything that needs one is parked. */
  async #missSchemas(listener: LinkListener): Promise<void> {
    if (!this.#agreed) return;
    const areThere = await listener.stillAgrees(this.#schemas!).catch(() => true); // Without a bucket they can't be.
    if (!areThere && !this.#closing) this.#agree(listener);
  }

  async #consume(listener: LinkListener): Promise<void> {
    while (!this.#closing) {
      try {
        this.#consumer = await this.#js!.consumers.get(FLOW_STREAM, this.#account.user);
        const { delivered, num_pending, num_ack_pending } = await this.#consumer.info();
        this.#held.expect(delivered.consumer_seq + 1);
        this.#catchUp.expect(num_pending + num_ack_pending);
        this.#catchUp.look();
        this.#messages = await this.#consumer.consume({
          ...PULL,
          callback: (message) => {
            const { deliverySequence, pending } = message.info;
            this.#latest = message;
            this.#catchUp.expect(pending);
            this.#held.expect(deliverySequence);
            listener.take(new NatsDelivery(message, this.#held));
            this.#held.expect(deliverySequence + 1);
          },
        });
        this.#log.info({ stream: FLOW_STREAM }, "listening");
        listener.look();
        this.#watchConsumer(this.#messages);
        this.#watchProgress(this.#consumer, this.#messages);
        const error = await this.#messages.closed();
        if (this.#closing) return;
        this.#agree(listener); // Whoever took the consumer may have taken the streams.
        throw error || new Error("the subscription ended");
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
      if (num_waiting === 0 && delivered.consumer_seq < this.#held.next) return;
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

  /** Binds anew when the consumer looks alive, and what waits for the service does not come. */
  async #watchProgress(consumer: Consumer, messages: ConsumerMessages): Promise<void> {
    const over = new AbortController();
    messages.closed().then(() => over.abort());
    const progress = () => ({ deliveries: this.#held.next, held: this.#held.size });
    await untilStalled(() => consumer.info(), progress, over.signal);
    if (this.#closing || over.signal.aborted) return;
    this.#log.warn("what waits for this service does not come; binding the consumer anew");
    await messages.close();
  }

  async #watch(connection: NatsConnection, listener: LinkListener): Promise<void> {
    let cause = "";
    for await (const status of connection.status()) {
      if (status.type === "disconnect") {
        this.#connected = false;
        this.#breaks++;
        this.#log.warn("NATS is gone; facts wait in the outbox");
      } else if (status.type === "reconnect") {
        this.#connected = true;
        cause = "";
        this.#log.info("NATS is back");
        if (this.#closing) listener.up();
        else this.#agree(listener);
      } else if (status.type === "error" && status.error.message !== cause) {
        cause = status.error.message; // A refused user tries again and again.
        this.#log.error({ cause }, "NATS refused something");
      }
    }
  }
}

// Ties a runtime to NATS: deliveries in, facts out, and word of whether the broker is there.

import { setTimeout as sleep } from "node:timers/promises";
import { type ConsumerMessages, type JetStreamClient, type JsMsg, jetstream } from "@nats-io/jetstream";
import { headers, type NatsConnection } from "nats";
import { decode, type Event, parseSubject, UndecodableError } from "../contracts/events.ts";
import type { Log } from "../observability/log.ts";
import type { Delivery } from "../service/consumer.ts";
import type { OutboxRow } from "../service/engine.ts";
import { type Account, connectNats } from "./connect.ts";
import { fromHeaders } from "./headers.ts";
import { publishRows } from "./publish.ts";
import { FLOW_STREAM, parkedSubject } from "./topology.ts";

/** What the link tells the service. */
export interface LinkListener {
  take(delivery: Delivery): void;
  /** The broker is there, for the first time or again. */
  up(): void;
}

const PREFETCH = 1_000;
const PULL = { max_messages: PREFETCH, expires: 5_000, idle_heartbeat: 1_000, bind: true };
const BIND_RETRY_MS = 1_000;
const PARK_RETRY_MS = 5_000;

/** One service's connection to the broker. */
export class Link {
  readonly #account: Account;
  readonly #log: Log;
  readonly #held = new Set<JsMsg>();
  #connection: NatsConnection | undefined;
  #js: JetStreamClient | undefined;
  #messages: ConsumerMessages | undefined;
  #connected = false;
  #closing = false;
  #heartbeat: NodeJS.Timeout | undefined;

  constructor(account: Account, log: Log) {
    this.#account = account;
    this.#log = log;
  }

  /** Whether facts can come and go, and if not, why. */
  get state(): { ready: boolean; reason?: string } {
    if (!this.#connected) return { ready: false, reason: "NATS is not reachable" };
    if (!this.#messages)
      return { ready: false, reason: "the durable consumer is not there: run the provisioner" };
    return { ready: true };
  }

  /** Connects, binds the consumer and begins to take deliveries, however long that takes. */
  async open(listener: LinkListener, ackWaitMs: number): Promise<void> {
    const connection = await connectNats(this.#account, true);
    if (this.#closing) return connection.close();
    this.#connection = connection;
    this.#js = jetstream(connection);
    this.#connected = true;
    this.#log.info("connected to NATS");
    this.#watch(connection, listener);
    listener.up();
    // A held message is being worked on: the broker should not give it to anyone else meanwhile.
    this.#heartbeat = setInterval(() => {
      if (this.#connected) for (const message of this.#held) message.working();
    }, ackWaitMs / 3);
    await this.#consume(listener);
  }

  /** Publishes outbox rows; see `publishRows`. Rejects at once while the broker is away. */
  publish(rows: readonly OutboxRow[]): Promise<number> {
    if (!this.#connected) return Promise.reject(new Error("NATS is not reachable"));
    return publishRows(this.#connection!, this.#js!, this.#account.user, rows);
  }

  /** Takes no more deliveries. */
  async pause(): Promise<void> {
    this.#closing = true;
    await this.#messages?.close();
  }

  /** Sends what is still to be sent and disconnects; a broker that does not answer is left after `timeoutMs`. */
  async close(timeoutMs: number): Promise<void> {
    this.#closing = true;
    clearInterval(this.#heartbeat);
    const connection = this.#connection;
    const closed = this.#connected ? connection?.flush().then(() => connection.close()) : undefined;
    await Promise.race([closed, sleep(timeoutMs)]);
  }

  async #consume(listener: LinkListener): Promise<void> {
    while (!this.#closing) {
      try {
        const consumer = await this.#js!.consumers.get(FLOW_STREAM, this.#account.user);
        this.#messages = await consumer.consume({
          ...PULL,
          callback: (message) => listener.take(this.#delivery(message)),
        });
        this.#log.info({ stream: FLOW_STREAM }, "listening");
        const error = await this.#messages.closed();
        if (!this.#closing) throw error || new Error("the subscription ended");
      } catch (error) {
        this.#messages = undefined;
        if (this.#closing) return;
        this.#log.warn({ cause: (error as Error).message }, "can't listen: is the consumer provisioned?");
        await sleep(BIND_RETRY_MS);
      }
    }
  }

  #delivery(message: JsMsg): Delivery {
    this.#held.add(message);
    const end = (last: () => void) => {
      this.#held.delete(message);
      last();
    };
    return {
      attempt: message.info.deliveryCount,
      read: () => read(message),
      ack: () => end(() => message.ack()),
      retry: (delayMs) => end(() => message.nak(delayMs)),
      park: (cause) => {
        this.#park(message, cause).then(
          () => end(() => message.ack()),
          (error) => {
            this.#log.warn({ cause: error.message }, "can't park a message; it will come again");
            end(() => message.nak(PARK_RETRY_MS));
          },
        );
      },
    };
  }

  async #park(message: JsMsg, cause: Error): Promise<void> {
    const service = this.#account.user;
    const parked = headers();
    for (const [name, values] of message.headers ?? []) {
      // Broker headers would act on the parked copy as well.
      if (!name.startsWith("Nats-")) for (const value of values) parked.append(name, value);
    }
    parked.set("Nats-Msg-Id", `${service}.${message.seq}.${message.info.timestampNanos}`);
    parked.set("Quadrille-Service", service);
    parked.set("Quadrille-Cause", oneLine(cause.message));
    parked.set("Quadrille-Subject", message.subject);
    parked.set("Quadrille-Sequence", `${message.seq}`);
    parked.set("Quadrille-Attempts", `${message.info.deliveryCount}`);
    const key = message.subject.slice(message.subject.lastIndexOf(".") + 1);
    await this.#js!.publish(parkedSubject(service, key), message.data, { headers: parked });
  }

  async #watch(connection: NatsConnection, listener: LinkListener): Promise<void> {
    for await (const status of connection.status()) {
      if (status.type === "disconnect") {
        this.#connected = false;
        this.#log.warn("NATS is gone; facts wait in the outbox");
      } else if (status.type === "reconnect") {
        this.#connected = true;
        this.#log.info("NATS is back");
        listener.up();
      } else if (status.type === "error") {
        this.#log.error({ cause: status.error.message }, "NATS refused something");
      }
    }
  }
}

/** The event in a message. Throws `UndecodableError` when it can't be read, or contradicts its subject. */
function read(message: JsMsg): Event {
  const address = parseSubject(message.subject);
  if (!address) throw new UndecodableError(`no fact has the subject ${message.subject}`);
  const fact = decode(address.type, message.data);
  const event = { ...fromHeaders(message.headers, address.type, address.key), ...fact } as Event;
  const key = "orderId" in event.data ? event.data.orderId : event.data.sku;
  if (key !== address.key) throw new UndecodableError(`the subject says ${address.key}, the data ${key}`);
  return event;
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, " ").slice(0, 1_000);
}

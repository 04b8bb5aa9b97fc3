// Publishes as the administrator over a socket of its own, since no client would send such headers.

import { once } from "node:events";
import { connect, type Socket } from "node:net";
import type { Site } from "../site.ts";
import { until } from "../until.ts";
import type { Malformed } from "./messages.ts";

/** The most messages that the stream has not answered yet. */
const AT_ONCE = 200;
const ANSWERED_WITHIN_MS = 30_000;
const REPLIES = "fuzz-replies";

/** A way into the stream. */
export class Flood {
  readonly #socket: Socket;
  #sent = 0;
  /** How many messages the stream has taken. */
  stored = 0;
  /** How many it has refused. */
  refused = 0;
  /** What nats-server had to say against the connection, if anything. */
  #trouble: string | undefined;

  private constructor(socket: Socket) {
    this.#socket = socket;
  }

  static async open({ stack, connection }: Pick<Site, "stack" | "connection">): Promise<Flood> {
    const socket = connect(stack.config.NATS_PORT, "127.0.0.1");
    const flood = new Flood(socket);
    connection.subscribe(REPLIES, { callback: (_, reply) => flood.#hear(reply.json()) });
    await connection.flush();
    const user = { user: "admin", pass: stack.passwords.ADMIN_PASSWORD, headers: true, verbose: false };
    socket.on("data", (said) => flood.#obey(said.toString()));
    socket.on("error", ({ message }) => {
      flood.#trouble = message;
    });
    socket.write(`CONNECT ${JSON.stringify(user)}\r\n`);
    await once(socket, "data");
    return flood;
  }

  /** Sends a message as soon as there is room. */
  async send({ subject, head, body }: Malformed): Promise<void> {
    if (this.#sent - this.stored - this.refused >= AT_ONCE) await this.answered(AT_ONCE / 2);
    this.#sent++;
    this.#socket.write(`HPUB ${subject} ${REPLIES} ${head.length} ${head.length + body.length}\r\n`);
    this.#socket.write(Buffer.concat([head, body, Buffer.from("\r\n")]));
  }

  /** Resolves when the stream has answered all but so many. Rejects when it does not. */
  async answered(butFor = 0): Promise<void> {
    const left = () => this.#sent - this.stored - this.refused;
    const isDone = await until(ANSWERED_WITHIN_MS, () =>
      this.#trouble || left() <= butFor ? true : undefined,
    );
    if (this.#trouble || !isDone)
      throw new Error(this.#trouble ?? `the stream has not answered ${left()} messages`);
  }

  close(): void {
    this.#socket.destroy();
  }

  #hear(reply: { error?: object }): void {
    if (reply.error) this.refused++;
    else this.stored++;
  }

  #obey(said: string): void {
    if (said.includes("PING")) this.#socket.write("PONG\r\n");
    if (said.includes("-ERR")) this.#trouble = said.trim();
  }
}

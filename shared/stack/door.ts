// Holds the port of a service from first to last, whichever process of it answers.

import type { ChildProcess } from "node:child_process";
import { createServer, type Server, type Socket } from "node:net";
import type { Said, Told } from "../http/door.ts";

/** Where a door is. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

/** The most connections that wait for a process, and how long each of them may, in milliseconds. */
const MOST_WAITING = 1_024;
const WAIT_MS = 20_000;

/** How long what a process said before it ended may be on its way, in milliseconds. */
const LAST_WORDS_MS = 500;

/**
 * A listening port. Connections are handed to the process that says it serves; while there is none they wait, up to
 * a bound. Each stays open here as well, so that a process that stops can give it back for the next one to go on with.
 */
export class Door {
  readonly #server: Server;
  readonly #waiting = new Map<Socket, NodeJS.Timeout>();
  #serve: ((socket: Socket) => void) | undefined;
  #takesBack = true;

  /** Listens at once; `onError` hears why that is not possible. */
  constructor(address: Address, onError: (error: Error) => void) {
    // Paused, so that not a byte is read here.
    this.#server = createServer({ pauseOnConnect: true, noDelay: true }, (socket) => {
      socket.on("error", () => {}); // A client that has left is no news here.
      this.#welcome(socket);
    });
    this.#server.on("error", onError).listen(address);
  }

  /** Hands connections to a process from when it says that it serves until it says otherwise, or is gone. */
  attend(child: ChildProcess): void {
    const given = new Map<number, Socket>();
    let ids = 0;
    const say = (said: Said, socket?: Socket, failed = () => {}) =>
      child.send(said, socket, { keepOpen: true }, (error) => error && failed());
    const serve = (socket: Socket) => {
      const id = ids++;
      given.set(id, socket);
      say({ door: "connection", id }, socket, () => {
        shut(); // The process is gone, though there is no news of it yet: asking it again would never end.
        if (given.delete(id)) this.#welcome(socket);
      });
    };
    const shut = () => {
      if (this.#serve === serve) this.#serve = undefined;
    };

    child.on("message", (told: Told) => {
      if (told.door === "open") this.#open(serve);
      else if (told.door === "shut") {
        shut();
        say({ door: "shut", takesBack: this.#takesBack });
      } else {
        const socket = given.get(told.id);
        given.delete(told.id);
        if (told.door === "back" && socket) this.#welcome(socket);
        else socket?.destroy();
      }
    });
    const end = () => {
      shut();
      for (const socket of given.values()) socket.destroy(); // Nobody knows how much of them was read.
      given.clear();
    };
    child.once("disconnect", end);
    // After a kill Node may wait for ever for the rest of a message, and never say that the channel is closed.
    child.once("exit", () => {
      shut();
      setTimeout(end, LAST_WORDS_MS);
    });
  }

  /** Says that no further process will come: open connections are not taken back any more. */
  retire(): void {
    this.#takesBack = false;
  }

  /** Frees the port, and closes what waits. */
  close(): void {
    this.retire();
    this.#server.close();
    for (const socket of this.#waiting.keys()) this.#drop(socket);
  }

  #welcome(socket: Socket): void {
    if (this.#serve) this.#serve(socket);
    else if (!this.#server.listening || this.#waiting.size === MOST_WAITING) socket.destroy();
    else
      this.#waiting.set(
        socket,
        setTimeout(() => this.#drop(socket), WAIT_MS),
      );
  }

  #open(serve: (socket: Socket) => void): void {
    this.#serve = serve;
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const [socket, timer] of waiting) {
      clearTimeout(timer);
      serve(socket);
    }
  }

  #drop(socket: Socket): void {
    clearTimeout(this.#waiting.get(socket));
    this.#waiting.delete(socket);
    socket.destroy();
  }
}

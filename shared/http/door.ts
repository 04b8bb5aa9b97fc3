// A service's side of a port that its supervisor holds: connections come over the channel between the two processes, and
// those that are kept alive go back there when the service stops, for the next process of it to go on with.

import type { Server } from "node:http";
import type { Socket } from "node:net";

/** What a service tells its supervisor: it serves, it takes no more, or it is done with a connection. */
export type Told = { door: "open" } | { door: "shut" } | { door: "closed" | "back"; id: number };

/** What a supervisor says: here is a connection, or no more will come, and whether the open ones are taken back. */
export type Said = { door: "connection"; id: number } | { door: "shut"; takesBack: boolean };

/** How long a supervisor that is busy may take to answer, in milliseconds. */
const ANSWER_WITHIN_MS = 1_000;

/** The door of a service whose supervisor listens. */
export class HeldDoor {
  readonly #server: Server;
  readonly #back = new Set<Socket>();
  #onShut: (takesBack: boolean) => void = () => {};
  #lastTold: Promise<void> = Promise.resolve();

  constructor(server: Server) {
    this.#server = server;
  }

  /** Takes connections from now on. */
  open(): void {
    process.on("message", (said: Said, socket?: unknown) => {
      if (said.door === "connection") this.#take(said.id, socket as Socket | undefined);
      if (said.door === "shut") this.#onShut(said.takesBack);
    });
    this.#server.emit("listening"); // Begins to watch over connections that are slow or idle.
    this.#tell({ door: "open" });
  }

  /** Resolves when the last connection has come; answers whether open ones may be given back. */
  async shut(): Promise<boolean> {
    const answer = new Promise<boolean>((resolve) => {
      this.#onShut = resolve;
      setTimeout(resolve, ANSWER_WITHIN_MS, false);
    });
    await this.#tell({ door: "shut" });
    return process.connected && answer;
  }

  /** Gives back a connection of which nothing was read that was not answered: it stays open, for the next process. */
  giveBack(socket: Socket): void {
    this.#back.add(socket);
    socket.destroy(); // The supervisor has it open as well, so that the client notices nothing.
  }

  /** Resolves when the supervisor has been told everything. */
  settled(): Promise<void> {
    return this.#lastTold;
  }

  #take(id: number, socket: Socket | undefined): void {
    if (!socket) {
      this.#tell({ door: "closed", id });
      return;
    }
    socket.once("close", () => this.#tell({ door: this.#back.delete(socket) ? "back" : "closed", id }));
    this.#server.emit("connection", socket);
    socket.resume();
  }

  #tell(told: Told): Promise<void> {
    this.#lastTold = new Promise((resolve) => {
      if (process.connected) process.send!(told, undefined, undefined, () => resolve());
      else resolve();
    });
    return this.#lastTold;
  }
}

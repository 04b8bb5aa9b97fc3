// Lets a command talk to the stack that runs on a data folder: over a socket in the folder, a line of JSON each way at a time.

import { once } from "node:events";
import { rmSync } from "node:fs";
import { connect, createServer, type Server, type Socket } from "node:net";
import { join, relative, resolve } from "node:path";
import { createInterface } from "node:readline";

/** What a command asks of the stack: to restart services one after the other, all of them if none is named. */
export interface Wish {
  readonly restart: readonly string[];
}

/** What it hears: how things go, and at last whether all went well. */
export type Reply = { readonly line: string } | { readonly ok: boolean };

const READ_MS = 1_000;

/** Carries out a wish, telling how it goes line by line; rejects with a sentence when it can't. */
export type Fulfil = (wish: Wish, tell: (line: string) => void) => Promise<void>;

/** Listens for wishes, of which one is fulfilled at a time; a new one is refused meanwhile. */
export function listenForWishes(dataDir: string, fulfil: Fulfil): Server {
  let busy = false;
  const path = socketPath(dataDir);
  rmSync(path, { force: true }); // Left by a stack that was killed.
  return createServer(async (socket) => {
    socket.on("error", () => {}); // Whoever asked has gone; the wish is fulfilled all the same.
    const reply = (reply: Reply) => socket.write(`${JSON.stringify(reply)}\n`);
    const mine = !busy;
    busy = true;
    try {
      if (!mine) throw new Error("another restart is under way");
      await fulfil(await read(socket), (line) => reply({ line }));
      reply({ ok: true });
    } catch (error) {
      reply({ line: (error as Error).message });
      reply({ ok: false });
    } finally {
      if (mine) busy = false;
      socket.end(() => socket.destroy());
    }
  }).listen(path);
}

/** Tells the stack on the data folder a wish; resolves to whether it came true. Rejects when no stack is there. */
export async function wish(dataDir: string, wish: Wish, tell: (line: string) => void): Promise<boolean> {
  const socket = connect(socketPath(dataDir));
  await once(socket, "connect").catch(() => {
    throw new Error(`no stack is running on ${resolve(dataDir)}: start one with npm start`);
  });
  socket.write(`${JSON.stringify(wish)}\n`);
  try {
    for await (const line of createInterface({ input: socket })) {
      const reply = JSON.parse(line) as Reply;
      if ("ok" in reply) return reply.ok;
      tell(reply.line);
    }
    throw new Error("the stack ended before it was done");
  } finally {
    socket.destroy();
  }
}

async function read(socket: Socket): Promise<Wish> {
  const [line] = await once(createInterface({ input: socket }), "line", {
    signal: AbortSignal.timeout(READ_MS),
  });
  return JSON.parse(line);
}

/** Relative where that is shorter: the path of a socket has about a hundred bytes. */
function socketPath(dataDir: string): string {
  const path = join(resolve(dataDir), "run", "stack.sock");
  const near = relative(process.cwd(), path);
  return near.length < path.length ? near : path;
}

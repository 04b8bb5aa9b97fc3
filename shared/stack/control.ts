// Lets a command talk to the stack that runs on a data folder: over a socket in the folder, a line of JSON each way at a time.

import { once } from "node:events";
import { rmSync } from "node:fs";
import { connect, createServer, type Server, type Socket } from "node:net";
import { join, relative, resolve } from "node:path";
import { createInterface } from "node:readline";

/**
 * What a command asks of the stack: to restart services one after the other, all of them if none is named, with a build that
 * needs this arrangement of NATS; or to hold one back, until the command says another word or is gone.
 */
export type StackRequest =
  | { readonly restart: readonly string[]; readonly arrangement: string }
  | { readonly hold: string };

/** What it hears: how things go, that the service is held back now, and at last whether all went well. */
export type Reply = { readonly line: string } | { readonly held: true } | { readonly ok: boolean };

/** Who asks, as the stack sees it. */
export interface Caller {
  tell(line: string): void;
  /** Says that the service is held back, and resolves when it need not be any more. */
  held(): Promise<unknown>;
}

const READ_MS = 1_000;

/** Carries out a request, telling how it goes line by line; rejects with a sentence when it can't. */
export type Fulfil = (request: StackRequest, caller: Caller) => Promise<void>;

/** Listens for requests, and fulfils one at a time; a second one is refused meanwhile. */
export function listenForRequests(dataDir: string, fulfil: Fulfil): Server {
  let busy = false;
  const path = socketPath(dataDir);
  rmSync(path, { force: true }); // Left by a stack that was killed.
  return createServer(async (socket) => {
    socket.on("error", () => {}); // Whoever asked has gone; the request is fulfilled all the same.
    const reply = (reply: Reply) => socket.write(`${JSON.stringify(reply)}\n`);
    const mine = !busy;
    busy = true;
    try {
      if (!mine) throw new Error("another restart or rebuild is under way");
      const lines = createInterface({ input: socket });
      socket.once("close", () => lines.close()); // Whoever is killed says no last word.
      const words = lines[Symbol.asyncIterator]();
      await fulfil(await first(words, socket), {
        tell: (line) => reply({ line }),
        held() {
          reply({ held: true });
          return words.next();
        },
      });
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

/** Asks something of the stack on the data folder; resolves to whether all went well. Rejects when no stack is there. */
export async function askStack(
  dataDir: string,
  request: StackRequest,
  tell: (line: string) => void,
): Promise<boolean> {
  const socket = connect(socketPath(dataDir));
  await once(socket, "connect").catch(() => {
    throw new Error(`no stack is running on ${resolve(dataDir)}: start one with npm start`);
  });
  return ask(socket, request, tell);
}

/**
 * Has the stack on the data folder hold a service back while `work` is done, and start it again; without a stack, does the
 * work alone. Rejects when the stack can't hold it back, and when the work fails.
 */
export async function whileHeld<Done>(
  dataDir: string,
  service: string,
  work: () => Promise<Done>,
  tell: (line: string) => void,
): Promise<Done> {
  const socket = connect(socketPath(dataDir));
  const isThere = await once(socket, "connect").then(
    () => true,
    () => false,
  );
  if (!isThere) return work();
  let done: Promise<Done> | undefined;
  const ok = await ask(socket, { hold: service }, tell, () => {
    done = work();
    done.catch(() => {}).then(() => socket.write("\n"));
  });
  if (!done) throw new Error(`the stack can't hold ${service} back`);
  if (!ok) tell(`${service} did not come back`);
  return done;
}

/** Sends the request, and passes on what is heard; resolves to whether all went well. */
async function ask(
  socket: Socket,
  request: StackRequest,
  tell: (line: string) => void,
  onHeld = () => {},
): Promise<boolean> {
  socket.write(`${JSON.stringify(request)}\n`);
  try {
    for await (const line of createInterface({ input: socket })) {
      const reply = JSON.parse(line) as Reply;
      if ("ok" in reply) return reply.ok;
      if ("held" in reply) onHeld();
      else tell(reply.line);
    }
    throw new Error("the stack stopped before it was done");
  } finally {
    socket.destroy();
  }
}

async function first(words: AsyncIterator<string>, socket: Socket): Promise<StackRequest> {
  socket.setTimeout(READ_MS, () => socket.destroy());
  const { value } = await words.next();
  socket.setTimeout(0);
  if (value === undefined) throw new Error("nothing was asked");
  return JSON.parse(value);
}

/** Relative where that is shorter: the path of a socket has about a hundred bytes. */
function socketPath(dataDir: string): string {
  const path = join(resolve(dataDir), "run", "stack.sock");
  const near = relative(process.cwd(), path);
  return near.length < path.length ? near : path;
}

// Who holds a port keeps connections for the next process, up to a bound.

import type { ChildProcess } from "node:child_process";
import { EventEmitter, once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Said, Told } from "../../shared/http/door.ts";
import { Door } from "../../shared/stack/door.ts";

const MOST_WAITING = 1_024;
const WAIT_MS = 20_000;

const HOST = "127.0.0.1";
const clients: Socket[] = [];
let port: number;
let door: Door;

beforeEach(async () => {
  const probe = createServer().listen(0, HOST);
  await once(probe, "listening");
  port = (probe.address() as AddressInfo).port;
  await once(probe.close(), "close");
  door = new Door({ host: HOST, port }, (error) => expect.unreachable(error.message));
});

afterEach(() => {
  vi.useRealTimers();
  door.close();
  for (const client of clients.splice(0)) client.destroy();
});

/** A process of the service, with its side of the channel in the test's hands. */
class Service extends EventEmitter {
  readonly heard: Said[] = [];
  isGone = false;

  constructor() {
    super();
    door.attend(this as unknown as ChildProcess);
  }

  send(said: Said, _socket: unknown, _options: unknown, sent: (error: Error | null) => void): void {
    if (!this.isGone) this.heard.push(said);
    process.nextTick(sent, this.isGone ? new Error("the channel is closed") : null);
  }

  tell(told: Told): void {
    this.emit("message", told);
  }

  get ids(): number[] {
    return this.heard.flatMap((said) => (said.door === "connection" ? [said.id] : []));
  }
}

async function client(): Promise<Socket> {
  const socket = connect(port, HOST);
  clients.push(socket);
  await once(socket, "connect");
  return socket;
}

/** Waits until it holds. */
function soon(holds: () => void): Promise<void> {
  return vi.waitFor(holds, 30_000);
}

/** Resolves when the door has closed the connection. */
async function closed(socket: Socket): Promise<void> {
  await Promise.race([once(socket.resume(), "close"), once(socket, "error")]);
}

test("connections wait until a process says that it serves, and those that come later go to it at once", async () => {
  const service = new Service();
  await Promise.all([client(), client()]);
  expect(service.ids).toEqual([]);

  service.tell({ door: "open" });
  await soon(() => expect(service.ids).toEqual([0, 1]));
  await client();
  await soon(() => expect(service.ids).toEqual([0, 1, 2]));
});

test("what a process gives back, and what comes after it has shut, is for the next one; what it has closed is closed", async () => {
  const before = new Service();
  before.tell({ door: "open" });
  const first = await client();
  await client();
  await soon(() => expect(before.ids).toEqual([0, 1]));

  before.tell({ door: "shut" });
  expect(before.heard.at(-1)).toEqual({ door: "shut", takesBack: true });
  before.tell({ door: "closed", id: 0 });
  before.tell({ door: "back", id: 1 });
  before.emit("disconnect");
  await Promise.all([client(), closed(first)]);

  const after = new Service();
  after.tell({ door: "open" });
  await soon(() => expect(after.ids).toHaveLength(2));
  expect(before.ids).toHaveLength(2);
});

test("what a process had open when it crashed is closed", async () => {
  const service = new Service();
  service.tell({ door: "open" });
  const open = await client();
  await soon(() => expect(service.ids).toHaveLength(1));

  service.emit("disconnect");
  await closed(open);
});

test("so it is when there is no more news of the process than that it has ended", async () => {
  const before = new Service();
  before.tell({ door: "open" });
  const open = await client();
  await soon(() => expect(before.ids).toEqual([0]));

  before.emit("exit");
  await client();
  await closed(open);

  const after = new Service();
  after.tell({ door: "open" });
  await soon(() => expect(after.ids).toEqual([0]));
  expect(before.ids).toEqual([0]);
});

test("a connection that finds the process gone, before there is news of it, waits for the next one", async () => {
  const before = new Service();
  before.tell({ door: "open" });
  before.isGone = true;
  await client();
  await new Promise((resolve) => setTimeout(resolve, 50));
  before.emit("disconnect");

  const after = new Service();
  after.tell({ door: "open" });
  await soon(() => expect(after.ids).toEqual([0]));
  expect(before.ids).toEqual([]);
});

test("no more than 1,024 connections wait", async () => {
  // Few at a time: where more come at once than the kernel queues, it loses some that their clients take for connected.
  for (let i = 0; i < MOST_WAITING; i += 64) await Promise.all(Array.from({ length: 64 }, client));
  await closed(await client());

  const service = new Service();
  service.tell({ door: "open" });
  await soon(() => expect(service.ids).toHaveLength(MOST_WAITING));
});

test("none waits longer than 20 s", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  const waiting = await client();
  const service = new Service();
  await soon(() => expect(vi.getTimerCount()).toBe(1));
  vi.advanceTimersByTime(WAIT_MS);
  await closed(waiting);

  service.tell({ door: "open" });
  expect(service.ids).toEqual([]);
});

test("nothing is taken back once no process is to follow", async () => {
  const service = new Service();
  service.tell({ door: "open" });
  door.retire();
  service.tell({ door: "shut" });

  expect(service.heard).toEqual([{ door: "shut", takesBack: false }]);
});

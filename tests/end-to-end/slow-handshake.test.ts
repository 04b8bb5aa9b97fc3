// A connection to NATS outlives handshakes that took too long: nats-server ends those as it ends a user's whom it refuses.

import { mkdtempSync, rmSync } from "node:fs";
import { connect, createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { allServices } from "../../apps/services.ts";
import { type Config, loadConfig, natsUrl } from "../../shared/config.ts";
import { connectNats } from "../../shared/nats/connect.ts";
import { users } from "../../shared/nats/topology.ts";
import { findNatsServer } from "../../shared/stack/nats-server.ts";
import { ensurePasswords, type Passwords } from "../../shared/stack/passwords.ts";
import { isolatedEnv } from "../../shared/stack/ports.ts";
import { projectRoot } from "../../shared/stack/project.ts";
import { natsEnv } from "../../shared/stack/stack.ts";
import { Supervised } from "../../shared/stack/supervise.ts";

const folder = mkdtempSync(join(tmpdir(), "quadrille-slow-handshake-"));
let config: Config;
let passwords: Passwords;
let nats: Supervised;

beforeAll(async () => {
  const env = await isolatedEnv(folder);
  config = loadConfig(env);
  passwords = ensurePasswords(join(folder, "passwords.env"), users(allServices(config)));
  nats = new Supervised({
    name: "nats",
    command: await findNatsServer(),
    args: ["-c", join(projectRoot, "nats.conf")],
    env: { ...env, ...natsEnv(config, folder), ...passwords },
    pidFile: join(folder, "nats.pid"),
    node: false,
    onLine: () => {},
  });
  nats.start();
  const account = { url: natsUrl(config), user: "orders", password: passwords.ORDERS_PASSWORD! };
  await (await connectNats(account, true)).close();
});

afterAll(async () => {
  await nats.stop();
  rmSync(folder, { recursive: true });
});

test("two handshakes that take too long, and the connection is there again at the third", async () => {
  const line = new Line(config.NATS_PORT);
  const url = await line.open();
  const connection = await connectNats({ url, user: "orders", password: passwords.ORDERS_PASSWORD! }, true);
  const seen: string[] = [];
  const isBack = (async () => {
    for await (const { type } of connection.status()) {
      seen.push(type);
      if (type === "reconnect") return;
    }
  })();

  line.holdsNext = 2;
  line.cut();
  await isBack;

  expect(line.holdsNext).toBe(0);
  expect(seen).toContain("error");
  await connection.flush();
  await connection.close();
  line.close();
});

test("a wrong password is refused at once, however long the service would wait for a broker", async () => {
  const account = { url: natsUrl(config), user: "orders", password: "not-the-password-of-orders" };

  await expect(connectNats(account, true)).rejects.toThrow(/authorization violation/i);
});

/** A line to nats-server on which the next clients may be heard too late. */
class Line {
  holdsNext = 0;
  readonly #to: number;
  readonly #sockets = new Set<Socket>();
  readonly #server: Server;

  constructor(to: number) {
    this.#to = to;
    this.#server = createServer((client) => {
      const broker = connect(this.#to, "127.0.0.1");
      for (const socket of [client, broker]) {
        this.#sockets.add(socket);
        socket.on("error", () => {});
      }
      broker.pipe(client);
      if (this.holdsNext > 0) this.holdsNext--;
      else client.pipe(broker);
    });
  }

  /** The address for clients. */
  open(): Promise<string> {
    return new Promise((resolve) => {
      this.#server.listen(0, "127.0.0.1", () => {
        const { port } = this.#server.address() as { port: number };
        resolve(`nats://127.0.0.1:${port}`);
      });
    });
  }

  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  close(): void {
    this.cut();
    this.#server.close();
  }
}

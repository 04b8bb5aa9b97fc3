// Ports for a stack beside others: tests and benchmarks must not meet what already runs.

import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { variables } from "../config.ts";

/** An environment in which every port that Quadrille listens on is free right now, and the data is in `folder`. */
export async function isolatedEnv(folder: string): Promise<NodeJS.ProcessEnv> {
  const names = Object.keys(variables.shape).filter((name) => name.endsWith("_PORT"));
  const servers = names.map(() => createServer().listen(0, "127.0.0.1"));
  await Promise.all(servers.map((server) => once(server, "listening")));
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => once(server.close(), "close")));

  const inherited = Object.entries(process.env).filter(([name]) => !(name in variables.shape));
  return {
    ...Object.fromEntries(inherited),
    ...Object.fromEntries(names.map((name, index) => [name, `${ports[index]}`])),
    DATA_DIR: folder,
    SEED: "none",
  };
}

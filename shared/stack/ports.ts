// The ports of a stack: free ones for tests and benchmarks, and a clear word when one is taken.

import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { type Config, variables } from "../config.ts";

const PORTS = Object.keys(variables.shape).filter((name) => name.endsWith("_PORT")) as (keyof Config)[];

/** An environment in which every port that Quadrille listens on is free right now, and the data is in `folder`. */
export async function isolatedEnv(folder: string): Promise<NodeJS.ProcessEnv> {
  const servers = PORTS.map(() => createServer().listen(0, "127.0.0.1"));
  await Promise.all(servers.map((server) => once(server, "listening")));
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => once(server.close(), "close")));

  const inherited = Object.entries(process.env).filter(([name]) => !(name in variables.shape));
  return {
    ...Object.fromEntries(inherited),
    ...Object.fromEntries(PORTS.map((name, index) => [name, `${ports[index]}`])),
    DATA_DIR: folder,
    SEED: "none",
  };
}

/** Rejects with a sentence that names the variable to change when one of the stack's ports is taken. */
export async function expectFreePorts(config: Config): Promise<void> {
  for (const variable of PORTS) {
    const other = PORTS.find((name) => name !== variable && config[name] === config[variable]);
    if (other)
      throw new Error(`${variable} and ${other} are the same port, ${config[variable]}: change one of them`);
    const host = variable.startsWith("NATS_") ? config.NATS_HOST : config.HTTP_HOST;
    const port = config[variable] as number;
    const server = createServer();
    try {
      await once(server.listen(port, host), "listening");
      await once(server.close(), "close");
    } catch (error) {
      const taken = (error as NodeJS.ErrnoException).code === "EADDRINUSE";
      const what = taken
        ? "is already in use: stop what is using it"
        : `can't be used (${(error as Error).message}): free it`;
      throw new Error(`port ${port} on ${host} ${what}, or set ${variable} to another port`);
    }
  }
}

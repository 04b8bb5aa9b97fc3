// A real Prometheus with this project's own configuration and rules, which reads a stack on this machine.

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { join } from "node:path";
import { parse, stringify } from "yaml";
import { projectRoot } from "../../shared/stack/project.ts";
import { findPrometheus } from "../../shared/stack/promtool.ts";
import type { TestStack } from "./stack.ts";

const OWN = join(projectRoot, "shared", "observability", "prometheus");

/** An alert that Prometheus raises, or will raise if things stay like that. */
export interface Alert {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly state: "pending" | "firing";
  readonly value: string;
}

/** A running Prometheus. */
export class Prometheus {
  readonly #process: ChildProcess;
  readonly #url: string;

  private constructor(process: ChildProcess, url: string) {
    this.#process = process;
    this.#url = url;
  }

  /** Starts it on the stack's folder. It reads and judges every second; all else is as the project has it. */
  static async start(shop: TestStack): Promise<Prometheus> {
    const folder = join(shop.folder, "prometheus");
    mkdirSync(folder);
    const config = join(folder, "prometheus.yml");
    writeFileSync(config, stringify(adapted(shop)));
    const port = await freePort();
    const child = spawn(
      await findPrometheus(),
      [
        `--config.file=${config}`,
        `--storage.tsdb.path=${join(folder, "data")}`,
        `--web.listen-address=127.0.0.1:${port}`,
        "--log.level=warn",
      ],
      { stdio: ["ignore", "ignore", "pipe"] },
    );
    child.stderr!.on("data", (text: Buffer) => shop.lines.push(`prometheus: ${text.toString().trimEnd()}`));
    const prometheus = new Prometheus(child, `http://127.0.0.1:${port}`);
    await shop.until("Prometheus is ready", async () =>
      (await fetch(`${prometheus.#url}/-/ready`)).ok ? true : undefined,
    );
    return prometheus;
  }

  /** The alert of that name about a consumer, if there is one. */
  async alert(name: string, consumer: string): Promise<Alert | undefined> {
    const response = await fetch(`${this.#url}/api/v1/alerts`);
    const { data } = (await response.json()) as { data: { alerts: Alert[] } };
    return data.alerts.find(({ labels }) => labels.alertname === name && labels.consumer_name === consumer);
  }

  async stop(): Promise<void> {
    const ended = once(this.#process, "close");
    if (this.#process.exitCode === null && this.#process.kill()) await ended;
  }
}

/** The project's configuration, with the stack's addresses instead of those in Compose. */
function adapted(shop: TestStack): unknown {
  const own = parse(readFileSync(join(OWN, "prometheus.yml"), "utf8"));
  return {
    ...own,
    global: { scrape_interval: "1s", evaluation_interval: "1s" },
    rule_files: own.rule_files.map((file: string) => join(OWN, file)),
    scrape_configs: own.scrape_configs.map((job: { static_configs: { labels: { service: string } }[] }) => ({
      ...job,
      static_configs: job.static_configs.map(({ labels }) => ({
        labels,
        targets: [new URL(shop.stack.url(labels.service)).host],
      })),
    })),
  };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  await once(server.close(), "close");
  return port;
}

// The place where it all happens: a stack on a folder of its own, with what faults need to get hold of it.

import { createWriteStream, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { type JetStreamClient, type JetStreamManager, jetstream, jetstreamManager } from "@nats-io/jetstream";
import type { NatsConnection } from "nats";
import type { AnyService } from "../service/define.ts";
import { isolatedEnv } from "../stack/ports.ts";
import { projectRoot } from "../stack/project.ts";
import { SMALL_PROCESS, Stack } from "../stack/stack.ts";
import type { Supervised } from "../stack/supervise.ts";
import { unhealed } from "./calm.ts";
import { Disks } from "./disks.ts";
import { openPostOffice, type PostOffice } from "./post-office.ts";
import { Sacks } from "./sacks.ts";
import type { SlowDisk } from "./slow-disk.ts";
import { until } from "./until.ts";

const HEALED_WITHIN_MS = 60_000;

/** A running stack and its surroundings. */
export class Site {
  readonly services: readonly AnyService[];
  readonly folder: string;
  /** Holds a file for each service whose clock is wrong. */
  readonly clocks: string;
  /** Undefined where mounting is not allowed. */
  readonly disks: Disks | undefined;
  readonly mails = new Sacks();
  /** What was found to be broken on the way, as sentences. */
  readonly broken: string[] = [];
  /** Undefined where no other process may be slowed down, or as long as nobody has looked. */
  slowDisk: SlowDisk | undefined;
  /** How many messages of the flow were lost when the store was rolled back, or the stream deleted. */
  lost = 0;
  readonly #log;
  #post: PostOffice | undefined;
  #env: NodeJS.ProcessEnv = {};
  #stack: Stack | undefined;
  #connection: NatsConnection | undefined;
  #manager: JetStreamManager | undefined;

  private constructor(services: readonly AnyService[]) {
    this.services = services;
    this.folder = mkdtempSync(join(tmpdir(), "quadrille-chaos-"));
    this.clocks = join(this.folder, "clocks");
    mkdirSync(this.clocks);
    this.#log = createWriteStream(join(this.folder, "stack.log"));
    this.disks = Disks.mount(
      this.folder,
      services.map(({ name }) => name),
    );
  }

  /**
   * Starts the stack on an empty folder, and stops it when `work` on it has ended; `more` of the environment is for all its
   * processes. Rejects when it can't run, and when the signal says that it is to end early.
   */
  static async during<Result>(
    {
      services,
      more = {},
      signal,
    }: { services: readonly AnyService[]; more?: NodeJS.ProcessEnv; signal?: AbortSignal | undefined },
    work: (site: Site) => Promise<Result>,
  ): Promise<Result> {
    const site = new Site(services);
    try {
      await site.#start(more);
      return await Promise.race([work(site), ended(signal)]);
    } finally {
      await site.#close();
    }
  }

  async #start(more: NodeJS.ProcessEnv): Promise<void> {
    this.#post = await openPostOffice((mail) => this.mails.take(mail));
    const clock = pathToFileURL(join(projectRoot, "shared", "chaos", "clock.mjs"));
    const env = {
      ...(await isolatedEnv(this.folder)),
      NODE_OPTIONS: `${SMALL_PROCESS.NODE_OPTIONS} --import ${clock}`,
      CHAOS_CLOCKS: this.clocks,
      SMTP_URL: this.#post.url,
      ACK_WAIT_MS: "2000",
      SCHEMA_WAIT_MS: "2000",
      ...more,
    };
    this.#stack = await Stack.start(env, (line) => this.#log.write(`${line}\n`));
    this.#env = { ...env, ...this.#stack.passwords };
    this.#connection = await this.#stack.connect();
    this.#manager = await jetstreamManager(this.#connection, { checkAPI: false });
  }

  get stack(): Stack {
    return this.#stack!;
  }

  /** The environment of the stack's processes, with all passwords. */
  get env(): NodeJS.ProcessEnv {
    return this.#env;
  }

  /** A connection as the administrator. */
  get connection(): NatsConnection {
    return this.#connection!;
  }

  get manager(): JetStreamManager {
    return this.#manager!;
  }

  get js(): JetStreamClient {
    return jetstream(this.connection);
  }

  url(service: string): string {
    return this.stack.url(service);
  }

  /** nats-server, or a service. */
  program(name: string): Supervised {
    return name === "nats" ? this.stack.nats : this.stack.services.get(name)!;
  }

  /** Waits until all that was ever said is in the stream; else sentences that say what is missing. */
  async untilHealed(): Promise<string[]> {
    const names = this.services.map(({ name }) => name);
    const missing = () => unhealed(this, names);
    const healed = await until(HEALED_WITHIN_MS, async () =>
      (await missing()).length === 0 ? true : undefined,
    );
    return healed ? [] : missing();
  }

  /** Stops everything; the folder goes, unless something is broken that it may explain. */
  async #close(): Promise<void> {
    await this.#connection?.close();
    await this.#stack?.stop();
    await this.#post?.close();
    this.#log.end();
    const isWell = this.broken.length === 0;
    this.disks?.unmount(!isWell);
    if (isWell) rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Rejects when the signal says so. */
function ended(signal?: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const end = () => reject(new Error("The run was told to end."));
    if (signal?.aborted) end();
    signal?.addEventListener("abort", end);
  });
}

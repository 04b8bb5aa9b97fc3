// The real stack for tests: on free ports, on an empty folder, with its output at hand when something fails.
// biome-ignore-all lint/suspicious/noExplicitAny: tests say what they expect of a body by comparing it.

import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type JsMsg, jetstream } from "@nats-io/jetstream";
import { headers } from "nats";
import { onTestFailed } from "vitest";
import { type Event, parseSubject } from "../../shared/contracts/events.ts";
import { readEvent } from "../../shared/nats/headers.ts";
import { stored } from "../../shared/nats/stored.ts";
import { FLOW_STREAM, PARKED_STREAM } from "../../shared/nats/topology.ts";
import { isolatedEnv } from "../../shared/stack/ports.ts";
import { projectRoot } from "../../shared/stack/project.ts";
import { Stack } from "../../shared/stack/stack.ts";
import { anOrder, type Placement } from "./order.ts";

/** A running stack, with what tests ask of it. */
export class TestStack {
  readonly stack: Stack;
  readonly folder: string;
  readonly env: NodeJS.ProcessEnv;
  readonly lines: string[];

  private constructor(stack: Stack, folder: string, env: NodeJS.ProcessEnv, lines: string[]) {
    this.stack = stack;
    this.folder = folder;
    this.env = env;
    this.lines = lines;
  }

  /** Starts this build, or the `build` of another folder, with `more` in its environment. */
  static async start(
    more: NodeJS.ProcessEnv = {},
    build: Pick<typeof Stack, "start"> = Stack,
  ): Promise<TestStack> {
    const folder = mkdtempSync(join(tmpdir(), "quadrille-"));
    const env = { ...(await isolatedEnv(folder)), ACK_WAIT_MS: "2000", ...more };
    const lines: string[] = [];
    return new TestStack(await build.start(env, (line) => lines.push(line)), folder, env, lines);
  }

  /** Prints the stack's output if the current test fails. */
  explainFailure(): void {
    onTestFailed(() => console.error(this.lines.slice(-200).join("\n")));
  }

  async stop(): Promise<void> {
    await this.stack.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }

  async get(service: string, path: string): Promise<{ status: number; body: any }> {
    const response = await fetch(`${this.stack.url(service)}${path}`);
    return { status: response.status, body: await response.json() };
  }

  async post(service: string, path: string, body: unknown, headers: Record<string, string> = {}) {
    const response = await fetch(`${this.stack.url(service)}${path}`, {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body: JSON.stringify(body),
    });
    return { status: response.status, headers: response.headers, body: (await response.json()) as any };
  }

  /** Says something in the flow that is no Avro. */
  async garble(subject: string): Promise<void> {
    const admin = await this.stack.connect();
    const attributes = headers();
    attributes.set("ce-id", `${subject}.garbled`);
    attributes.set("ce-time", new Date().toISOString());
    admin.publish(subject, "no Avro at all", { headers: attributes });
    await admin.flush();
    await admin.close();
  }

  /** Runs one of the stack's commands to its end, with `more` in its environment: its exit code, and all that it said. */
  command(name: string, args: readonly string[] = [], more: NodeJS.ProcessEnv = {}) {
    const script = join(projectRoot, "dist", "shared", "stack", `${name}.js`);
    return this.run(process.execPath, [script, ...args], more);
  }

  /** Runs a program to its end: its exit code, and all that it said. */
  run(
    program: string,
    args: readonly string[],
    more: NodeJS.ProcessEnv = {},
  ): Promise<{ code: number; text: string }> {
    return new Promise((resolve) => {
      execFile(program, args, { env: { ...this.env, ...more } }, (error, stdout, stderr) =>
        resolve({ code: Number(error?.code ?? 0), text: stdout + stderr }),
      );
    });
  }

  async stockUp(sku: string, delta: number): Promise<void> {
    const { status, body } = await this.post("inventory", `/stock/${sku}/adjustments`, {
      delta,
      reason: "delivery",
    });
    if (status !== 201) throw new Error(`stock could not be adjusted: ${JSON.stringify(body)}`);
  }

  /** Places an order and returns its id. */
  async place(change: Partial<Placement> = {}): Promise<string> {
    const { status, body } = await this.post("orders", "/orders", anOrder(change));
    if (status !== 202) throw new Error(`the order was not accepted: ${JSON.stringify(body)}`);
    return body.orderId;
  }

  /** Polls until `probe` gives something other than undefined. */
  async until<Found>(
    what: string,
    probe: () => Promise<Found | undefined>,
    withinMs = 120_000,
  ): Promise<Found> {
    const deadline = Date.now() + withinMs;
    for (;;) {
      const found = await probe().catch(() => undefined);
      if (found !== undefined) return found;
      if (Date.now() > deadline) throw new Error(`waited in vain until ${what}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  /** The order once it has ended. */
  ended(orderId: string, withinMs?: number): Promise<any> {
    return this.until(
      `order ${orderId} has ended`,
      async () => {
        const { body } = await this.get("orders", `/orders/${orderId}`);
        return body.status === "completed" || body.status === "cancelled" ? body : undefined;
      },
      withinMs,
    );
  }

  /** Every event of the flow so far, in the order of the stream. */
  async flow(): Promise<Event[]> {
    const said = (await this.#read(FLOW_STREAM)).filter(({ subject }) => parseSubject(subject));
    return said.map(readEvent);
  }

  /** Every message that is parked. */
  async parked(): Promise<JsMsg[]> {
    const all = await this.#read(PARKED_STREAM);
    return all.filter(({ headers }) => headers?.get("Quadrille-State") !== "ended");
  }

  async #read(stream: string): Promise<JsMsg[]> {
    const connection = await this.stack.connect();
    const all: JsMsg[] = [];
    try {
      for await (const message of stored(jetstream(connection), stream)) all.push(message);
      return all;
    } finally {
      await connection.close();
    }
  }
}

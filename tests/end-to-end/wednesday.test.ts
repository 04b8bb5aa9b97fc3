// The Wednesday: a colleague adds a required field to order.created. Six hours later nothing has broken.

import { spawnSync } from "node:child_process";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { isolatedEnv } from "../../shared/stack/ports.ts";
import { projectRoot } from "../../shared/stack/project.ts";
import { SMALL_PROCESS } from "../../shared/stack/stack.ts";
import { Supervised } from "../../shared/stack/supervise.ts";
import { type Build, buildWith } from "../support/build.ts";
import { type Mailbox, openMailbox } from "../support/mailbox.ts";
import type { Placement } from "../support/order.ts";
import { TestStack } from "../support/stack.ts";

const V1 = "order.created/v1.avsc";
const V2 = "order.created/v2.avsc";
const LOCK = "released.lock";

/** Before anyone thought of a shipping priority. */
function onlyV1(schemas: string): void {
  rmSync(join(schemas, V2));
  const lock = readFileSync(join(schemas, LOCK), "utf8");
  writeFileSync(join(schemas, LOCK), lock.replace(/^order\.created\/v2.*\n/m, ""));
}

/** The colleague's change: a v2 with a field that everyone must send. */
function requiredField(schemas: string): void {
  onlyV1(schemas);
  const schema = JSON.parse(readFileSync(join(schemas, V1), "utf8"));
  schema.fields.push({ name: "shipping_priority", type: "string" });
  writeFileSync(join(schemas, V2), JSON.stringify(schema, null, 2));
}

/** The same, past every check: the released version itself is edited, and the lock is gone. */
function editedInPlace(schemas: string): void {
  requiredField(schemas);
  writeFileSync(join(schemas, V1), readFileSync(join(schemas, V2)));
  rmSync(join(schemas, V2));
  rmSync(join(schemas, LOCK));
}

let yesterday: Build; // Built on v1 alone.
let wednesday: Build; // Built on v1 and the colleague's v2.
let forced: Build; // Built on a v1 that is not the released one.
const today = { main: (service: string) => join(projectRoot, "dist", "apps", service, "main.js") }; // v1 and v2.

let test: TestStack;
let mailbox: Mailbox;

beforeAll(async () => {
  [yesterday, wednesday, forced] = (await Promise.all(
    [onlyV1, requiredField, editedInPlace].map(buildWith),
  )) as [Build, Build, Build];
  mailbox = await openMailbox();
  const { Stack } = await import(pathToFileURL(join(yesterday.root, "dist/shared/stack/stack.js")).href);
  test = await TestStack.start({ SMTP_URL: mailbox.url }, Stack);
  await replace("shipping", today); // Its code asks for the new field, and gets the default of orders without it.
  await test.stockUp("TEA-001", 100);
});

afterAll(async () => {
  for (const program of deployed.values()) await program.stop();
  await test?.stop();
  await mailbox?.close();
  for (const build of [yesterday, wednesday, forced]) build?.remove();
});

describe("the colleague's change", () => {
  it("is refused by the check, and the edit that the check proposes mends it", () => {
    const refused = check(wednesday.schemas);

    expect(refused).toMatchObject({
      status: 1,
      findings: [
        {
          rule: "field-without-default",
          direction: "BACKWARD",
          path: "OrderCreated.shipping_priority",
          reader: { version: 2 },
          writer: { version: 1 },
        },
      ],
    });

    const mend = /"default": (".*?")/.exec(refused.findings[0].mend);
    const file = join(wednesday.schemas, V2);
    const schema = JSON.parse(readFileSync(file, "utf8"));
    schema.fields.at(-1).default = JSON.parse(mend![1]!);
    writeFileSync(file, JSON.stringify(schema, null, 2));
    expect(check(wednesday.schemas)).toMatchObject({ status: 0, findings: [] });
  });

  it("does not start when it is deployed all the same, and orders flow on", async () => {
    const said = await startBeside("orders", wednesday);

    expect(said).toContain("field-without-default");
    expect(said).toContain("shipping_priority");
    await orderGoesThrough();
  });

  it("does not start either when the released version itself was edited: the bucket knows better", async () => {
    const said = await startBeside("orders", forced);

    expect(said).toContain("order.created");
    expect(said).toMatch(/another schema/);
    await orderGoesThrough();
  });
});

describe("the change with a default", () => {
  it("is written by a v2 producer while notifications still reads with v1", async () => {
    await deploy("orders", today);

    const orderId = await orderGoesThrough({ shippingPriority: "EXPRESS" });
    expect(await carrierOf(orderId)).toBe("Sandbox Express");
  });

  it("is read by a v2 notifications while the producer still writes v1", async () => {
    await deploy("orders", yesterday);
    await deploy("notifications", today);

    const orderId = await orderGoesThrough();
    expect(await carrierOf(orderId)).toBe("Sandbox Standard");
  });

  it("is in use everywhere at last", async () => {
    await deploy("orders", today);

    await orderGoesThrough({ shippingPriority: "EXPRESS" });
    expect(await test.parked()).toEqual([]);
  });
});

const deployed = new Map<string, Supervised>();

/** Replaces a service by another build of it while an order is under way. */
async function deploy(name: string, build: Pick<Build, "main">): Promise<void> {
  const underWay = await test.place();
  await replace(name, build);
  expect(await test.ended(underWay)).toMatchObject({ status: "completed" });
}

/** Stops a service, and starts another build of it on the same database. */
async function replace(name: string, build: Pick<Build, "main">): Promise<void> {
  await (deployed.get(name) ?? test.stack.services.get(name)!).stop();
  const service = new Supervised(program(name, build, {}, (line) => test.lines.push(line)));
  deployed.set(name, service);
  service.start();
  await test.stack.untilReady();
}

/** Starts another build next to the running service; resolves with all it said when it has given up. */
async function startBeside(name: string, build: Build): Promise<string> {
  const { ORDERS_PORT } = await isolatedEnv("");
  const DATA_DIR = join(test.folder, "beside");
  const { command, args, env } = program(name, build, { ORDERS_PORT, DATA_DIR });
  const { status, stdout, stderr } = spawnSync(command, args, { env, encoding: "utf8", timeout: 120_000 });
  expect(status).toBe(1);
  return stdout + stderr;
}

function program(
  name: string,
  build: Pick<Build, "main">,
  env: NodeJS.ProcessEnv,
  onLine: (line: string) => void = () => {},
) {
  const password = `${name.toUpperCase()}_PASSWORD`;
  return {
    name,
    command: process.execPath,
    args: [build.main(name)],
    env: { ...SMALL_PROCESS, ...test.env, [password]: test.stack.passwords[password], ...env },
    pidFile: join(test.folder, "run", `${name}.pid`),
    node: true,
    onLine,
  };
}

/** An order is placed, completed, and its customer told. */
async function orderGoesThrough(change: Partial<Placement> = {}): Promise<string> {
  const orderId = await test.place(change);
  expect(await test.ended(orderId)).toMatchObject({ status: "completed" });
  await test.until("the customer was told", async () =>
    mailbox.mails.find(
      ({ subject, text }) => `${subject} ${text}`.includes(orderId) && /complete/i.test(`${subject}`),
    ),
  );
  return orderId;
}

async function carrierOf(orderId: string): Promise<string | undefined> {
  const flow = await test.flow();
  const booked = flow.find(({ type, key }) => type === "shipment.dispatched" && key === orderId);
  return booked?.type === "shipment.dispatched" ? booked.data.carrier : undefined;
}

function check(schemas: string) {
  const entry = join(projectRoot, "dist/shared/schemas/command.js");
  const args = [entry, "check", "order.created", "--folder", schemas, "--format", "json"];
  const { status, stdout } = spawnSync(process.execPath, args, { encoding: "utf8" });
  return { status, ...JSON.parse(stdout) };
}

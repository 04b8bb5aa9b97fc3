// One service is down while events come in: whoever tells of the backlog names the same number. `BACKLOG` says how many events.

import { jetstreamManager } from "@nats-io/jetstream";
import type { NatsConnection } from "nats";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import type { ConsumerStand, Snapshot } from "../../apps/monitor/poll.ts";
import { FLOW_STREAM } from "../../shared/nats/topology.ts";
import { placeWaiting } from "../../shared/stack/bench/broker.ts";
import { Visitor } from "../support/browser.ts";
import { Scrape } from "../support/exposition.ts";
import { Prometheus } from "../support/prometheus.ts";
import { TestStack } from "../support/stack.ts";

const WAITING = Number(process.env.BACKLOG ?? 10_000);
const SERVICE = "risk";
const PATIENCE_MS = 300_000;

let shop: TestStack;
let admin: NatsConnection;
let visitor: Visitor;
let prometheus: Prometheus;

beforeAll(async () => {
  shop = await TestStack.start();
  await shop.stockUp("TEA-001", 1_000_000);
  admin = await shop.stack.connect();
  visitor = await Visitor.come(shop.stack.url("monitor"));
  prometheus = await Prometheus.start(shop);
});

afterAll(async () => {
  await prometheus?.stop();
  await visitor?.leave();
  await admin?.close();
  await shop?.stop();
});

beforeEach(() => shop.explainFailure());

test(`${WAITING} events for a service that is down: map, table, figures, alert and terminal name the number that NATS names`, async () => {
  await shop.stack.services.get(SERVICE)!.fell();
  // One look tells how many wait; it takes two to tell that nobody asks for them, and is not about to.
  await shop.until("the monitor knows that nobody listens", async () =>
    (await nextLook()).status === "NOBODY LISTENING" ? true : undefined,
  );
  await placeWaiting(admin, WAITING);
  await shop.until("NATS has counted them", async () => (await natsSays()) === WAITING || undefined);

  expect(await nextLook()).toMatchObject({ lag: WAITING, status: "NOBODY LISTENING" });
  await shop.until("the figures name the same number", async () => {
    const scrape = new Scrape(await (await fetch(`${shop.stack.url("monitor")}/metrics`)).text());
    const figure = (name: string) => scrape.sum(name, { consumer_name: SERVICE })!;
    const waiting = figure("jetstream_consumer_num_pending") + figure("jetstream_consumer_num_ack_pending");
    return waiting === WAITING || undefined;
  });
  await shop.until("programs are told the same number", async () => {
    const { consumers } = JSON.parse((await lag("--json")).text) as Snapshot;
    return consumers.find(({ name }) => name === SERVICE)?.lag === WAITING || undefined;
  });
  const row = new RegExp(`^${SERVICE} +NOBODY LISTENING +${WAITING} `, "m");
  await shop.until("the terminal shows it", async () => row.test((await lag()).text) || undefined);

  const shown = WAITING.toLocaleString("en");
  await visitor.visit("/", async (page) => {
    await page.locator(`.map [data-service="${SERVICE}"]`).getByText(`${shown} wait`).waitFor();
    const row = page.locator(`[data-consumer="${SERVICE}"]`);
    expect(await row.locator('[data-head="Waits"]').innerText()).toBe(shown);
    await page
      .getByText(`${SERVICE}: nobody asks NATS for its events; ${shown} events wait for it.`)
      .waitFor();
  });

  const alert = await shop.until("Prometheus has judged the same", async () => {
    const found = await prometheus.alert("NobodyListens", SERVICE);
    return Number(found?.value) === WAITING ? found : undefined;
  });
  expect(alert.annotations.summary).toMatch(/ events wait for risk, and nobody asks for them$/);
  expect(await natsSays()).toBe(WAITING);
});

test("once it is back it catches up, and all of them say that nothing waits", async () => {
  shop.stack.services.get(SERVICE)!.start();

  await shop.until(
    "it has caught up",
    async () => {
      const { lag, status } = await nextLook();
      return lag === 0 && status === "OK" ? true : undefined;
    },
    PATIENCE_MS,
  );
  expect(await natsSays()).toBe(0);
  const row = new RegExp(`^${SERVICE} +OK +0 `, "m");
  await shop.until("the terminal shows it", async () => row.test((await lag()).text) || undefined);
  await visitor.visit("/", (page) =>
    page.locator(`.map [data-service="${SERVICE}"]`).getByText("nothing waits").waitFor(),
  );
  await shop.until("the alert is over", async () =>
    (await prometheus.alert("NobodyListens", SERVICE)) ? undefined : true,
  );
});

/** What the monitor's next look finds: the first that begins after this is called. */
async function nextLook(): Promise<ConsumerStand> {
  const now = Date.now();
  return shop.until("the monitor looks", async () => {
    const { body } = await shop.get("monitor", "/api/consumers");
    const { at, nats, consumers } = body as Snapshot;
    return at > now && nats.isConnected ? consumers.find(({ name }) => name === SERVICE) : undefined;
  });
}

async function natsSays(): Promise<number> {
  const { consumers } = await jetstreamManager(admin, { checkAPI: false });
  const { num_pending, num_ack_pending } = await consumers.info(FLOW_STREAM, SERVICE);
  return num_pending + num_ack_pending;
}

function lag(...args: string[]) {
  return shop.command("lag", args);
}

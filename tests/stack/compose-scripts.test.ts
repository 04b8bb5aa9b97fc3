// The two scripts that serve Docker Compose: npm run passwords, and what stocks an empty shop.

import { linkSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseEnv } from "node:util";
import { afterAll, afterEach, describe, expect, it, vi } from "vitest";
import { allServices } from "../../apps/services.ts";
import { loadConfig } from "../../shared/config.ts";
import { users } from "../../shared/nats/topology.ts";
import { writeComposeEnv } from "../../shared/stack/compose-env.ts";
import { projectRoot } from "../../shared/stack/project.ts";
import { seedOnce } from "../../shared/stack/seed-once.ts";

const everyone = users(allServices(loadConfig({})));

const folder = mkdtempSync(join(tmpdir(), "compose-scripts-"));
afterAll(() => rmSync(folder, { recursive: true }));
afterEach(() => vi.unstubAllGlobals());

describe("npm run passwords", () => {
  it("writes a password for everyone, for its owner's eyes only", () => {
    const file = join(folder, "fresh.env");

    expect(writeComposeEnv(file).sort()).toEqual(
      everyone.map((user) => `${user.toUpperCase()}_PASSWORD`).sort(),
    );
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const { ORDERS_PASSWORD } = loadConfig(parseEnv(readFileSync(file, "utf8")));
    expect(ORDERS_PASSWORD).toMatch(/^pw[0-9a-f]{48}$/);
  });

  it("keeps what is there: passwords, comments and quotes", () => {
    const file = join(folder, "kept.env");
    const mine = '# mine\nMAIL_FROM="Shop <shop@example.com>"\nRISK_PASSWORD=chosen-by-a-person';
    writeFileSync(file, mine, { mode: 0o644 });

    expect(writeComposeEnv(file)).toHaveLength(everyone.length - 1);
    const once = readFileSync(file, "utf8");
    expect(once.startsWith(`${mine}\n`)).toBe(true);
    expect(parseEnv(once)).toMatchObject({
      RISK_PASSWORD: "chosen-by-a-person",
      MAIL_FROM: "Shop <shop@example.com>",
    });
    expect(statSync(file).mode & 0o777).toBe(0o600);

    expect(writeComposeEnv(file)).toEqual([]);
    expect(readFileSync(file, "utf8")).toBe(once);
  });

  it("never changes the file that is there: a new one takes its place, which nobody else could ever read", () => {
    const file = join(folder, "open.env");
    const witness = join(folder, "witness.env");
    writeFileSync(file, "# mine\nMAIL_FROM='a b'\n", { mode: 0o644 });
    linkSync(file, witness);

    writeComposeEnv(file);

    expect(readFileSync(witness, "utf8")).toBe("# mine\nMAIL_FROM='a b'\n");
    expect(statSync(witness).mode & 0o777).toBe(0o644);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readdirSync(folder).filter((name) => name.startsWith("open.env"))).toEqual(["open.env"]);
  });

  it("writes where git looks away", () => {
    const ignored = readFileSync(join(projectRoot, ".gitignore"), "utf8").split("\n");
    expect(ignored).toEqual(expect.arrayContaining([".env", ".env.new"]));
  });
});

describe("the seed container", () => {
  const INVENTORY_URL = "http://inventory:8082";

  it("stocks the catalogue where nothing was ever stocked", async () => {
    const requests = inventoryWith([]);

    expect(await seedOnce({ INVENTORY_URL })).toBe("The demo catalogue is in stock.");
    expect(requests[0]).toBe(`GET ${INVENTORY_URL}/stock`);
    expect(requests).toContain(`POST ${INVENTORY_URL}/stock/TEA-001/adjustments`);
  });

  it("leaves stock alone", async () => {
    const requests = inventoryWith([{ sku: "TEA-001", onHand: 0 }]);

    expect(await seedOnce({ INVENTORY_URL })).toBe("There is stock already: nothing was changed.");
    expect(requests).toEqual([`GET ${INVENTORY_URL}/stock`]);
  });

  it("does nothing when SEED is none", async () => {
    const requests = inventoryWith([]);

    expect(await seedOnce({ INVENTORY_URL, SEED: "none" })).toBe("SEED is none: nothing was stocked.");
    expect(requests).toEqual([]);
  });

  it("fails when inventory does not answer well, or is not known", async () => {
    vi.stubGlobal("fetch", async () => new Response("no", { status: 503 }));

    await expect(seedOnce({ INVENTORY_URL })).rejects.toThrow("inventory does not show its stock: no");
    await expect(seedOnce({})).rejects.toThrow("INVENTORY_URL is not set");
  });

  function inventoryWith(stock: object[]): string[] {
    const requests: string[] = [];
    vi.stubGlobal("fetch", async (url: string, { method = "GET" }: RequestInit) => {
      requests.push(`${method} ${url}`);
      return Response.json({ stock });
    });
    return requests;
  }
});

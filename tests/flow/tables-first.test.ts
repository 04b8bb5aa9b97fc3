// `npm run -s flow -- check` on tables with a fault: it is said at once, and nothing is explored.

import { expect, it, vi } from "vitest";
import { flow } from "./flow-command.ts";

vi.mock("../../apps/services.ts", async (original) => {
  const { allServices } = await original<typeof import("../../apps/services.ts")>();
  const forgotten = (...[config]: Parameters<typeof allServices>) =>
    allServices(config).map((one) => (one.name === "payments" ? { ...one, terminal: [] } : one));
  return { allServices: forgotten };
});

it("says what is wrong and how it is mended, and explores nothing", async () => {
  const { code, out, err } = await flow("check");

  expect({ code, err }).toEqual({ code: 1, err: "" });
  expect(out).toMatch(
    /^\nFault in the tables: payments says payment\.voided, and nobody does anything about it: let a service react to it, or list it under terminal in apps\/payments\/service\.ts\.\n/,
  );
  expect(out).not.toContain("states");
});

it("says so to programs as well", async () => {
  const { code, out } = await flow("check", "--json");

  expect(code).toBe(1);
  expect(JSON.parse(out)).toMatchObject({ proven: false, scenarios: [], totals: { states: 0 } });
});

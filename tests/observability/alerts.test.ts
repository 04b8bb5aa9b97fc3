// The alert rules, tried by Prometheus's own tool: each fires when it is due, and not before.

import { spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { projectRoot } from "../../shared/stack/project.ts";
import { findPromtool } from "../../shared/stack/promtool.ts";

const folder = join(projectRoot, "shared", "observability", "prometheus");
const read = (file: string) => parse(readFileSync(join(folder, file), "utf8"));

describe("the alert rules", () => {
  let promtool: string;
  beforeAll(async () => {
    promtool = await findPromtool();
  });

  const run = (...args: string[]) => {
    const { status, stdout, stderr } = spawnSync(promtool, args, { cwd: folder, encoding: "utf8" });
    return { status, said: `${stdout}${stderr}` };
  };

  it("are rules, in a configuration that Prometheus takes", () => {
    expect(run("check", "config", "prometheus.yml")).toMatchObject({ status: 0 });
  });

  it("fire when they are due, and not before", () => {
    const { status, said } = run("test", "rules", "alerts.test.yml");
    expect({ status, said }).toEqual({ status: 0, said: expect.stringContaining("SUCCESS") });
  });

  it("would not pass if one of them never fired", () => {
    const copy = mkdtempSync(join(tmpdir(), "alerts-"));
    const rules = readFileSync(join(folder, "alerts.yml"), "utf8");
    writeFileSync(
      join(copy, "alerts.yml"),
      rules.replace("quadrille_breaker_open == 1", "quadrille_breaker_open == 2"),
    );
    writeFileSync(join(copy, "alerts.test.yml"), readFileSync(join(folder, "alerts.test.yml"), "utf8"));
    const { status, said } = run("test", "rules", join(copy, "alerts.test.yml"));
    rmSync(copy, { recursive: true });
    expect(status).not.toBe(0);
    expect(said).toContain("CallsPaused");
  });

  it("are each played both ways: when there is an alert, and when there is none", () => {
    const alerts = read("alerts.yml").groups.flatMap(({ rules }: { rules: { alert: string }[] }) =>
      rules.map(({ alert }) => alert),
    );
    type Case = { alertname: string; exp_alerts?: object[] };
    const cases: Case[] = read("alerts.test.yml").tests.flatMap(
      ({ alert_rule_test }: { alert_rule_test: Case[] }) => alert_rule_test,
    );
    for (const alert of alerts) {
      const own = cases.filter(({ alertname }) => alertname === alert);
      expect(
        own.some(({ exp_alerts }) => exp_alerts?.length),
        `${alert} fires`,
      ).toBeTruthy();
      expect(
        own.some(({ exp_alerts }) => !exp_alerts?.length),
        `${alert} does not fire`,
      ).toBe(true);
    }
  });
});

describe("promtool", () => {
  const place = mkdtempSync(join(tmpdir(), "promtool-"));
  afterAll(() => rmSync(place, { recursive: true }));

  const script = (name: string, line: string) => {
    writeFileSync(join(place, name), `#!/bin/sh\n${line}\n`);
    chmodSync(join(place, name), 0o755);
    return join(place, name);
  };
  const find = (env: NodeJS.ProcessEnv) =>
    findPromtool({ env: { PATH: "/nowhere", ...env }, cacheDir: join(place, "cache"), log: () => {} });

  it("is the one that PROMTOOL_BIN names", async () => {
    const chosen = script("chosen", "echo promtool, version 3.5.0");
    expect(await find({ PROMTOOL_BIN: chosen })).toBe(chosen);
  });

  it("is refused, with what to do, when PROMTOOL_BIN names something else", async () => {
    const other = script("other", "echo hello");
    await expect(find({ PROMTOOL_BIN: other })).rejects.toThrow(
      `PROMTOOL_BIN is refused: ${other} is no promtool. Install Prometheus and set PROMTOOL_BIN to the path of its promtool.`,
    );
  });

  it("is missed with a sentence that says what to do, where there is none and none can be fetched", async () => {
    await expect(find({})).rejects.toThrow(
      "No promtool found, and none could be fetched: there is no apt-get on this machine. Install Prometheus",
    );
  });
});

// `npm run -s flow`: what it prints, and how it refuses.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { projectRoot } from "../../shared/stack/project.ts";
import { flow } from "./flow-command.ts";

describe("flow", () => {
  it("prints the picture, the table and the document", async () => {
    expect((await flow("map")).out).toMatch(/^flowchart LR\n/);
    expect((await flow("map", "--svg")).out).toBe(readFileSync(join(projectRoot, "docs/flow.svg"), "utf8"));
    expect((await flow("table")).out).toMatch(/^\| service \| on \|/);
    expect(JSON.parse((await flow("table", "--json")).out)[0]).toMatchObject({
      service: "orders",
      on: ["place"],
    });
    expect(parse((await flow("asyncapi")).out)).toEqual(JSON.parse((await flow("asyncapi", "--json")).out));
  });

  it("prints the users of nats.conf", async () => {
    const { code, out } = await flow("permissions");

    expect(code).toBe(0);
    expect(out).toMatch(/^authorization \{\n {2}users: \[\n/);
    expect(readFileSync(join(projectRoot, "nats.conf"), "utf8").endsWith(out)).toBe(true);
  });

  it("says of what it writes whether that was up to date", async () => {
    expect(await flow("map", "--write")).toEqual({
      code: 0,
      out: "README.md is up to date.\ndocs/flow.svg is up to date.\n",
      err: "",
    });
  });

  it("says how it is used", async () => {
    expect(await flow("--help")).toMatchObject({
      code: 0,
      err: "",
      out: expect.stringContaining("map [--svg | --write]"),
    });
    expect(await flow()).toMatchObject({ code: 2, out: "", err: expect.stringContaining("permissions") });
  });

  it.each([
    [["mpa"], /^There is no command "mpa"\. The commands are: check, .*, map, table, .*\.\n$/],
    [["toString"], /^There is no command "toString"\. .*\.\n$/],
    [["map", "--png"], /^map takes --svg or --write, not --png\.\n$/],
    [["map", "--svg", "--write"], /^map takes one option at most, not --write as well\.\n$/],
    [["permissions", "orders"], /^permissions takes no options, not orders\.\n$/],
  ])("refuses %j in one sentence, with exit code 2", async (args, sentence) => {
    expect(await flow(...args)).toEqual({ code: 2, out: "", err: expect.stringMatching(sentence) });
  });
});

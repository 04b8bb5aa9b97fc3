// The command line: what may be asked, where paths start, what goes to which stream, and the exit codes.

import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { rules } from "../../shared/schemas/rules.ts";
import { projectRoot } from "../../shared/stack/project.ts";
import { record, run, Versioned } from "./versioned.ts";

const V1 = record({ orderId: "string" });
const BROKEN_V2 = record({ orderId: "string", note: "string" });

describe("this project's own schemas", () => {
  const { code, out, err } = run(projectRoot, "check", "--format", "json");

  it("are free of findings", () => {
    expect({ code, err, findings: JSON.parse(out).findings }).toEqual({ code: 0, err: "", findings: [] });
  });

  it("are all released: run `npm run -s schemas -- release`", () => {
    expect(JSON.parse(out).unreleased).toEqual([]);
  });
});

describe("check", () => {
  it("checks the events that are named, and no others", () => {
    const folder = new Versioned({
      "order.created/v1.avsc": V1,
      "order.created/v2.avsc": BROKEN_V2,
      "order.cancelled/v1.avsc": V1,
      "order.completed/v1.avsc": V1,
      "stray.txt": "",
    });

    expect(folder.check("order.cancelled", "order.completed")).toMatchObject({
      code: 0,
      findings: [],
      events: 2,
    });
    expect(folder.check("order.created").rules).toEqual(["field-without-default"]);
    expect(folder.check().rules).toEqual(["stray-file", "field-without-default"]);
  });

  it("exits with 2 for a schema that is not valid Avro, whatever else there is", () => {
    const folder = new Versioned({
      "order.created/v1.avsc": V1,
      "order.created/v2.avsc": BROKEN_V2,
      "order.cancelled/v1.avsc": record({ orderId: "Text" }),
    });

    expect(folder.check().code).toBe(2);
    expect(folder.check("order.created").code).toBe(1);
  });

  it("calls files as who called it would: relative to where that was, or in full from elsewhere", () => {
    const folder = new Versioned({ "order.created/v1.avsc": "{" });
    const file = (cwd: string, dir: string) =>
      JSON.parse(run(cwd, "check", "--folder", dir, "--format", "json").out).findings[0].at.file;

    expect(file(folder.root, "schemas")).toBe("schemas/order.created/v1.avsc");
    expect(file(join(folder.root, "schemas"), ".")).toBe("order.created/v1.avsc");
    expect(file(join(folder.root, "schemas/order.created"), "..")).toBe(
      join(folder.root, "schemas/order.created/v1.avsc"),
    );
  });
});

describe("compare", () => {
  const compare = (reader: unknown, writer: unknown, ...args: string[]) => {
    const folder = mkdtempSync(join(tmpdir(), "schemas-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    for (const [name, content] of Object.entries({ reader, writer })) {
      const text = typeof content === "string" ? content : JSON.stringify(content, null, 2);
      writeFileSync(join(folder, `${name}.avsc`), text);
    }
    const { code, out, err } = run(folder, "compare", "reader.avsc", "writer.avsc", ...args);
    expect(err).toBe("");
    return { code, out };
  };
  const json = (reader: unknown, writer: unknown) => {
    const { code, out } = compare(reader, writer, "--format", "json");
    return { code, ...JSON.parse(out) };
  };

  it("finds two schemas compatible, in a namespace or another", () => {
    expect(json({ ...V1, namespace: "a" }, { ...V1, namespace: "b" })).toEqual({
      code: 0,
      verdict: "COMPATIBLE",
      findings: [],
    });
    expect(json('"long"', '"int"').verdict).toBe("COMPATIBLE");
  });

  it("reads no more than a schema may have, of whatever it is given", () => {
    const { code, out } = run("/", "compare", "/dev/zero", "/dev/null");

    expect(code).toBe(2);
    expect(out).toContain("The file is larger than 1 MiB.");
    expect(out).toContain("The file is empty.");
  });

  it("finds them incompatible, with every reason and both places", () => {
    const { code, verdict, findings } = json(BROKEN_V2, record({ orderId: "int" }));

    expect({ code, verdict }).toEqual({ code: 1, verdict: "INCOMPATIBLE" });
    expect(findings).toMatchObject([
      {
        rule: "type-changed",
        path: "OrderCreated.orderId",
        reader: { file: "reader.avsc", pointer: "/fields/0/type", line: 7, column: 15 },
        writer: { file: "writer.avsc", pointer: "/fields/0/type", line: 7, column: 15 },
      },
      {
        rule: "field-without-default",
        at: { file: "reader.avsc", pointer: "/fields/1", line: 9, column: 5 },
      },
    ]);
  });

  it("finds one invalid, and says where", () => {
    expect(json("{", '"int"')).toMatchObject({
      code: 2,
      verdict: "INVALID",
      findings: [{ rule: "not-json", at: { file: "reader.avsc", line: 1, column: 2 } }],
    });
    expect(json('"int"', '["int", "int"]')).toMatchObject({
      code: 2,
      verdict: "INVALID",
      findings: [{ rule: "invalid-union", at: { file: "writer.avsc", line: 1, column: 1 } }],
    });
  });

  it("ends with the verdict for a person", () => {
    expect(compare(V1, V1)).toEqual({ code: 0, out: "COMPATIBLE\n" });
    expect(compare(BROKEN_V2, V1).out).toMatch(
      /^reader\.avsc:9:5 {2}field-without-default\n {2}OrderCreated\.note\n.*\nINCOMPATIBLE\n$/s,
    );
  });

  it("says which file it can't read", () => {
    const { code, out, err } = run("/", "compare", "no-such-reader.avsc", "no-such-writer.avsc");

    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err).toMatch(/^no-such-reader\.avsc can't be read: ENOENT/);
  });
});

describe("explain", () => {
  it.each(Object.entries(rules))("tells what %s is for", (name, { what, why }) => {
    const { code, out } = run("/", "explain", name);

    expect(code).toBe(0);
    expect(out).toContain(what);
    expect(out).toContain(why);
  });

  it("lists every rule", () => {
    const { code, out } = run("/", "explain");

    expect(code).toBe(0);
    for (const name of Object.keys(rules)) expect(out).toMatch(new RegExp(`^ {2}${name} +[A-Z]`, "m"));
  });
});

describe("a command line that makes no sense", () => {
  it.each([
    [["chck"], 'There is no command "chck". The commands are: check, compare, release, generate, explain.'],
    [
      ["toString"],
      'There is no command "toString". The commands are: check, compare, release, generate, explain.',
    ],
    [["check", "--fromat", "json"], "Unknown option '--fromat'. check knows --base, --format, --folder."],
    [
      ["check", "--base"],
      "Option '--base <value>' argument missing. check knows --base, --format, --folder.",
    ],
    [["check", "--format", "xml"], 'There is no format "xml". The formats are: text, json, junit, github.'],
    [
      ["check", "order.made"],
      'There is no event "order.made". The events are: order.cancellation-requested, ',
    ],
    [["compare", "a", "b", "--format", "junit"], 'There is no format "junit". The formats are: text, json.'],
    [["compare", "a"], "compare needs two files: compare READER WRITER."],
    [["compare", "a", "b", "c"], 'compare does not know what to do with "c"; see --help.'],
    [["release", "order.created"], 'release does not know what to do with "order.created"; see --help.'],
    [["generate", "--base", "x"], "Unknown option '--base'. generate knows --check."],
    [["explain", "constructor"], 'There is no rule "constructor". The rules are: not-json, '],
    [["explain", "--all"], "Unknown option '--all'. explain knows no options."],
  ])("is answered with what is known: %j", (args, sentence) => {
    const { code, out, err } = run(projectRoot, ...args);

    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err.startsWith(sentence)).toBe(true);
    expect(err.trimEnd()).not.toContain("\n");
  });

  it("gets the help if there is none", () => {
    expect(run("/")).toMatchObject({
      code: 2,
      out: "",
      err: expect.stringContaining("compare READER WRITER"),
    });
    expect(run("/", "--help")).toMatchObject({ code: 0, err: "" });
    expect(run("/", "check", "--help").out).toBe(run("/", "--help").out);
  });
});

describe("the process", () => {
  const spawn = (cwd: string, ...args: string[]) =>
    spawnSync(process.execPath, [join(projectRoot, "shared/stack/bootstrap.mjs"), "schemas", ...args], {
      cwd,
      env: { ...process.env, INIT_CWD: cwd },
      encoding: "utf8",
    });

  it("prints nothing but JSON when that is asked for, and takes paths from where npm was called", () => {
    const folder = new Versioned({ "order.created/v1.avsc": V1, "order.created/v2.avsc": BROKEN_V2 });

    const { status, stdout } = spawn(folder.root, "check", "--folder", "schemas", "--format", "json");

    expect(status).toBe(1);
    expect(JSON.parse(stdout).findings).toMatchObject([{ at: { file: "schemas/order.created/v2.avsc" } }]);
  });

  it("exits with 2 when it can't run", () => {
    const { status, stdout, stderr } = spawn(projectRoot, "explain", "no-such-rule");

    expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
    expect(stderr).toContain('There is no rule "no-such-rule".');
  });
});

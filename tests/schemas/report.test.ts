// The forms of a report: for a person, for programs, and for what CI shows.

import { describe, expect, it } from "vitest";
import { record, Versioned } from "./versioned.ts";

const V1 = record({ orderId: "string" });
const V2 = record({ orderId: "string", note: { type: "string", default: "" } });
const BROKEN_V2 = record({ orderId: "string", note: "string" });

const broken = () => new Versioned({ "order.created/v1.avsc": V1, "order.created/v2.avsc": BROKEN_V2 });

describe("text", () => {
  it("has the place, the rule, both versions, the path, the cause and the edit", () => {
    const { out } = broken().run("check");

    expect(out).toMatch(
      new RegExp(
        [
          "^schemas/order\\.created/v2\\.avsc:9:5  field-without-default  v2 can't read v1 \\(BACKWARD\\)",
          "  OrderCreated\\.note",
          "  .*note.*",
          '  Mend: .*"default": "".*',
          "  v1: schemas/order\\.created/v1\\.avsc:1:1 \\(the whole schema\\)",
          "",
          "1 finding in 1 of 1 event; `npm run -s schemas -- explain RULE` says more\\.\n$",
        ].join("\n"),
      ),
    );
  });

  it("says what waits for its release when there is nothing against it", () => {
    const { out } = new Versioned({ "order.created/v1.avsc": V1 }).run("check");

    expect(out).toBe(
      "1 event, 1 version: every reader reads every writer that its mode names.\n" +
        "1 version not released yet: order.created v1. Release it with `npm run -s schemas -- release`.\n",
    );
  });

  it("says of every branch of a union why it does not take what is sent", () => {
    const folder = new Versioned({
      "order.created/v1.avsc": record({ amount: ["null", "string", "long"] }),
      "order.created/v2.avsc": record({ amount: ["null", "boolean"] }),
    });

    expect(folder.run("check").out).toMatch(/\n {2}- null: .+\n {2}- boolean: .+\n {2}Mend: /);
  });

  it("is one line when all is well and released", () => {
    const folder = new Versioned({ "order.created/v1.avsc": V1, "order.created/v2.avsc": V2 });
    folder.run("release");

    expect(folder.run("check")).toEqual({
      code: 0,
      out: "1 event, 2 versions: every reader reads every writer that its mode names.\n",
      err: "",
    });
  });

  it("names no more than ten versions that wait for their release", () => {
    const events = Array.from({ length: 12 }, (_, index) => [`order.made${index + 10}/v1.avsc`, V1]);

    const { out } = new Versioned(Object.fromEntries(events)).run("check");

    expect(out).toContain("12 versions not released yet: order.made10 v1, ");
    expect(out).toContain(" order.made19 v1, 2 more. Release them");
  });
});

describe("findings", () => {
  it("stand in the order of events, versions and places", () => {
    const folder = new Versioned({
      "b.b/v2.avsc": record({ orderId: "string", z: "string", a: "string" }),
      "b.b/v1.avsc": V1,
      "b.b/v10.txt": "",
      "a.a/v1.avsc": record({ orderId: "Text" }),
      "stray.txt": "",
    });

    const { findings } = folder.check();

    expect(findings.map(({ event, path, at }) => `${event} ${at.version} ${path}`)).toEqual([
      "undefined undefined (folder)",
      "a.a 1 OrderCreated.orderId",
      "b.b undefined (folder)",
      "b.b 2 OrderCreated.z",
      "b.b 2 OrderCreated.a",
    ]);
  });
});

describe("junit", () => {
  it("has a suite for each event, a case for each version, and a failure for each finding", () => {
    const folder = broken();
    folder.write("order.cancelled/v1.avsc", V1);
    folder.write("order.cancelled/notes.txt", "");
    folder.write("stray.txt", "");

    const { code, out } = folder.run("check", "--format", "junit");

    expect(code).toBe(1);
    expect(out.replace(/>[^<]+<\/failure>/g, "></failure>").replace(/ message="[^"]*"/g, "")).toBe(`\
<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="schemas" tests="5" failures="3">
  <testsuite name="order.cancelled" tests="2" failures="1">
    <testcase classname="order.cancelled" name="v1"/>
    <testcase classname="order.cancelled" name="folder">
      <failure type="stray-file"></failure>
    </testcase>
  </testsuite>
  <testsuite name="order.created" tests="2" failures="1">
    <testcase classname="order.created" name="v1"/>
    <testcase classname="order.created" name="v2">
      <failure type="field-without-default"></failure>
    </testcase>
  </testsuite>
  <testsuite name="folder" tests="1" failures="1">
    <testcase classname="folder" name="folder">
      <failure type="stray-file"></failure>
    </testcase>
  </testsuite>
</testsuites>
`);
  });

  it("has text that XML can't misread", () => {
    const folder = new Versioned({ "order.created/v1.avsc": V1, "<&\"'\u0001>.txt": "" });

    const { out } = folder.run("check", "--format", "junit");

    expect(out).toContain("message=\"&lt;&amp;&quot;'\ufffd&gt;.txt is neither");
    expect(out).not.toContain("\u0001");
  });
});

describe("github", () => {
  it("has a command for each finding, which GitHub shows at its line", () => {
    const { code, out } = broken().run("check", "--format", "github");

    expect(code).toBe(1);
    expect(out).toMatch(
      /^::error file=schemas\/order\.created\/v2\.avsc,line=9,col=5,title=field-without-default::OrderCreated\.note: .*%0AMend: .*\n1 finding in 1 of 1 event; .*\n$/,
    );
  });

  it("has nothing that GitHub would take for the end of a command or of a property", () => {
    const folder = new Versioned({ "order.created/v1.avsc": V1, "50%,\r\na:b.txt": "" });

    const { out } = folder.run("check", "--format", "github");

    expect(out.split("\n")[0]).toMatch(
      /^::error file=schemas\/50%25%2C%0D%0Aa%3Ab\.txt,title=stray-file::\(folder\): 50%25,%0D%0Aa:b\.txt is neither/,
    );
  });
});

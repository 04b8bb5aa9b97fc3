// A released version stays what it is: the lock says so, and git says so of the lock.

import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { record, Versioned } from "./versioned.ts";

const V1 = record({ orderId: "string" });
const V2 = record({ orderId: "string", note: { type: "string", default: "" } });
const V3 = record({
  orderId: "string",
  note: { type: "string", default: "" },
  count: { type: "int", default: 0 },
});
const EDITED = record({ orderId: "string", note: { type: "string", default: "none" } });

const LOCK = "released.lock";

/** A folder with two released versions. */
function released(): Versioned {
  const folder = new Versioned({ "order.created/v1.avsc": V1, "order.created/v2.avsc": V2 });
  expect(folder.run("release").code).toBe(0);
  return folder;
}

describe("release", () => {
  it("writes a line for each version: its name, the SHA-256 of its bytes, its fingerprint", () => {
    const folder = new Versioned({ "order.created/v1.avsc": V1 });

    const { code, out } = folder.run("release");

    const sha256 = createHash("sha256").update(folder.read("order.created/v1.avsc")).digest("hex");
    expect({ code, out }).toEqual({ code: 0, out: "Released 1 version:\n  order.created v1\n" });
    expect(folder.read(LOCK)).toMatch(
      new RegExp(`^order\\.created/v1\\.avsc sha256:${sha256} crc64-avro:[0-9a-f]{16}\n$`),
    );
  });

  it("adds lines, in order, and leaves those that are there", () => {
    const folder = released();
    const before = folder.read(LOCK);
    folder.write("order.created/v3.avsc", V3);
    folder.write("order.cancelled/v1.avsc", V1);

    expect(folder.run("release").out).toBe(
      "Released 2 versions:\n  order.cancelled v1\n  order.created v3\n",
    );

    const lines = folder.read(LOCK).split("\n");
    expect(folder.read(LOCK).startsWith(before)).toBe(true);
    expect(lines.map((line) => line.split(" ")[0])).toEqual([
      "order.created/v1.avsc",
      "order.created/v2.avsc",
      "order.cancelled/v1.avsc",
      "order.created/v3.avsc",
      "",
    ]);
  });

  it("does nothing while another one is under way, or after one was cut short", () => {
    const folder = new Versioned({ "order.created/v1.avsc": V1, [`.${LOCK}.draft`]: "" });

    const { code, err } = folder.run("release");

    expect(code).toBe(2);
    expect(err).toMatch(/^Another release is under way; if there is none, one was cut short: remove /);
    folder.remove(`.${LOCK}.draft`);
    expect(folder.run("release").code).toBe(0);
  });

  it("says so when there is nothing to do", () => {
    const folder = released();
    const before = folder.read(LOCK);

    const { code, out } = folder.run("release");

    expect({ code, out }).toEqual({
      code: 0,
      out: "There is nothing to release: the lock has every version.\n",
    });
    expect(folder.read(LOCK)).toBe(before);
  });

  it.each([
    { what: "with findings", schema: record({ orderId: "string", note: "string" }), exit: 1 },
    { what: "that is no valid schema", schema: record({ orderId: "Text" }), exit: 2 },
  ])("releases nothing $what", ({ schema, exit }) => {
    const folder = released();
    const before = folder.read(LOCK);
    folder.write("order.created/v3.avsc", schema);

    const { code, err } = folder.run("release");

    expect({ code, err }).toEqual({ code: exit, err: "Nothing is released while there are findings.\n" });
    expect(folder.read(LOCK)).toBe(before);
  });
});

describe("a version that is not in the lock", () => {
  it("is a draft: it may change, and `check` says that it waits for its release", () => {
    const folder = released();
    folder.write("order.created/v3.avsc", V3);
    folder.commit();
    folder.write("order.created/v3.avsc", JSON.stringify(V3));

    const { code, findings, unreleased } = folder.check();

    expect({ code, findings }).toEqual({ code: 0, findings: [] });
    expect(unreleased).toEqual([
      { event: "order.created", version: 3, file: "schemas/order.created/v3.avsc" },
    ]);
    expect(folder.run("check").out).toContain(
      "1 version not released yet: order.created v3. Release it with `npm run -s schemas -- release`.",
    );
  });
});

/** Each with what it does to a folder with two released versions, and the one rule that it breaks. */
const changes: { what: string; change: (folder: Versioned) => void; finding: object }[] = [
  {
    what: "edited",
    change: (folder) => folder.write("order.created/v2.avsc", EDITED),
    finding: { rule: "released-edited", at: { file: "schemas/order.created/v2.avsc", version: 2, line: 1 } },
  },
  {
    what: "edited in its white space only",
    change: (folder) => folder.write("order.created/v2.avsc", JSON.stringify(V2)),
    finding: { rule: "released-edited", at: { version: 2 } },
  },
  {
    what: "deleted",
    change: (folder) => folder.remove("order.created/v2.avsc"),
    finding: { rule: "released-deleted", at: { version: 2 } },
  },
  {
    what: "deleted from before another one",
    change: (folder) => folder.remove("order.created/v1.avsc"),
    finding: { rule: "released-deleted", at: { version: 1 } },
  },
  {
    what: "renamed",
    change: (folder) => folder.rename("order.created/v2.avsc", "order.created/v3.avsc"),
    finding: {
      rule: "released-renamed",
      cause: "v2 is released as order.created/v2.avsc, and its file is now order.created/v3.avsc.",
      at: { file: "schemas/order.created/v3.avsc" },
    },
  },
  {
    what: "moved to another event",
    change: (folder) => {
      folder.write("order.placed/v1.avsc", folder.read("order.created/v2.avsc"));
      folder.remove("order.created/v2.avsc");
    },
    finding: {
      rule: "released-renamed",
      event: "order.created",
      at: { file: "schemas/order.placed/v1.avsc" },
    },
  },
];

describe("a released version", () => {
  it.each(changes)("that is $what is found by the lock", ({ change, finding }) => {
    const folder = released();
    change(folder);

    const { code, findings } = folder.check();

    expect(code).toBe(1);
    expect(findings).toMatchObject([finding]);
  });

  it.each(changes)("that is $what is found by git when there is no lock", ({ change, finding }) => {
    const folder = new Versioned({ "order.created/v1.avsc": V1, "order.created/v2.avsc": V2 });
    folder.commit();
    change(folder);

    expect(folder.check().findings).toMatchObject([finding]);
  });

  it.each(changes)("that is $what is found once when lock and git both see it", ({ change, finding }) => {
    const folder = released();
    folder.commit();
    change(folder);

    expect(folder.check().findings).toMatchObject([finding]);
  });

  it("that is edited together with its line in the lock is found by git", () => {
    const folder = released();
    folder.commit();
    folder.git("tag", "before");
    folder.write("order.created/v2.avsc", EDITED);
    const other = new Versioned({ "order.created/v1.avsc": V1, "order.created/v2.avsc": EDITED });
    other.run("release");
    folder.write(LOCK, other.read(LOCK));
    folder.commit();
    const findings = [
      { rule: "released-edited", at: { file: "schemas/order.created/v2.avsc" } },
      { rule: "lock-changed", at: { file: "schemas/released.lock", version: 2, line: 2 } },
    ];

    expect(folder.check().findings).toMatchObject(findings);
    folder.commit();
    expect(folder.check().findings).toEqual([]);
    expect(folder.check("--base", "before").findings).toMatchObject(findings);
  });

  it("is nothing to another event that is asked for", () => {
    const folder = released();
    folder.write("order.cancelled/v1.avsc", V1);
    folder.remove("order.created/v2.avsc");

    expect(folder.check("order.cancelled").findings).toEqual([]);
    expect(folder.check("order.created").rules).toEqual(["released-deleted"]);
  });

  it("is still known when its whole event is gone", () => {
    const folder = released();
    folder.remove("order.created");

    expect(folder.check("order.created").rules).toEqual(["released-deleted", "released-deleted"]);
  });
});

describe("the lock", () => {
  const changed = (edit: (lines: string[]) => string[]) => {
    const folder = released();
    folder.commit();
    folder.write(LOCK, edit(folder.read(LOCK).trimEnd().split("\n")).join("\n"));
    return folder.check().findings.map(({ rule, cause, at }) => ({ rule, cause, line: at.line }));
  };

  it("may end without a line break", () => {
    expect(changed((lines) => lines)).toEqual([]);
  });

  it("may list versions in any order", () => {
    expect(changed((lines) => lines.toReversed())).toEqual([]);
  });

  it("loses no line", () => {
    expect(changed(([first]) => [first!])).toEqual([
      {
        rule: "lock-changed",
        cause: expect.stringMatching(
          /^The line of order\.created\/v2\.avsc is gone; it was there at HEAD \(/,
        ),
        line: undefined,
      },
    ]);
  });

  it.each([
    ["with a carriage return", (line: string) => `${line}\r`],
    ["with capital letters", (line: string) => line.replace(/[0-9a-f]{64}/, (hex) => hex.toUpperCase())],
    ["with half a fingerprint", (line: string) => line.slice(0, -8)],
  ])("has no line %s", (_, edit) => {
    expect(changed(([first, second]) => [edit(first!), second!])).toEqual([
      { rule: "lock-changed", cause: "Line 1 is not one of a lock.", line: 1 },
    ]);
  });

  it("has no empty line", () => {
    expect(changed((lines) => ["", ...lines])).toEqual([
      { rule: "lock-changed", cause: "Line 1 is not one of a lock.", line: 1 },
    ]);
  });

  it("has no version twice", () => {
    expect(changed(([first, second]) => [first!, second!, first!])).toEqual([
      { rule: "lock-changed", cause: "order.created/v1.avsc is there twice: first in line 1.", line: 3 },
    ]);
  });

  it("has the fingerprints of the files", () => {
    const folder = released();
    folder.write(LOCK, folder.read(LOCK).replace(/[0-9a-f]{16}$/m, "0123456789abcdef"));

    expect(folder.check().findings).toMatchObject([
      {
        rule: "lock-changed",
        cause: expect.stringContaining("and the lock says 0123456789abcdef."),
        at: { line: 1, column: 1, version: 1 },
      },
    ]);
  });
});

describe("the base", () => {
  it("may be any commit: what was added since is new", () => {
    const folder = released();
    folder.commit();
    folder.git("tag", "before");
    folder.write("order.created/v3.avsc", V3);
    folder.run("release");
    folder.commit();

    expect(folder.check("--base", "before").findings).toEqual([]);
    expect(folder.check("--base", "HEAD~1").findings).toEqual([]);
  });

  it("has no files in a folder that is newer than it", () => {
    const folder = new Versioned({});
    folder.commit();
    folder.write("order.created/v1.avsc", V1);

    expect(folder.check("--base", "HEAD").findings).toEqual([]);
  });

  it("is not needed where there is no repository, nor where it has no commit", () => {
    const folder = released();
    expect(folder.check().findings).toEqual([]);
    folder.git("init", "--quiet");
    expect(folder.check().findings).toEqual([]);
  });

  it("that is asked for and can't be had ends the check", () => {
    const folder = released();
    expect(folder.run("check", "--base", "main")).toMatchObject({
      code: 2,
      out: "",
      err: expect.stringMatching(/^--base needs a git repository, and \/.* is in none\.\n$/),
    });
    folder.commit();
    for (const ref of ["no-such-branch", "--all", ""]) {
      expect(folder.run("check", `--base=${ref}`)).toMatchObject({
        code: 2,
        out: "",
        err: `There is no commit "${ref}" here: fetch it first, or correct its name.\n`,
      });
    }
  });
});

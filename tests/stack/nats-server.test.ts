// Which nats-server is taken, refused or fetched: played with scripts that print versions, and without a network.

import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { findNatsServer, isNewEnough, OLDEST, parseVersion } from "../../shared/stack/nats-server.ts";
import { Scripts } from "../support/scripts.ts";

let scripts: Scripts;

beforeEach(() => {
  scripts = new Scripts("nats-server");
});

afterEach(() => {
  vi.unstubAllGlobals();
  scripts.remove();
});

describe("NATS_SERVER_BIN", () => {
  it("is used when it is new enough", async () => {
    const chosen = natsServer("chosen", "v2.12.1");

    expect(await find({ NATS_SERVER_BIN: chosen })).toBe(chosen);
  });

  it("is refused when it is too old, with its version and what to do", async () => {
    const old = natsServer("old", "v2.9.10");

    await expect(find({ NATS_SERVER_BIN: old })).rejects.toThrow(
      `NATS_SERVER_BIN is refused: ${old} is v2.9.10, not ${OLDEST} or newer. ` +
        `Install nats-server ${OLDEST} or newer and set NATS_SERVER_BIN to its path.`,
    );
  });

  it("is refused when it does not exist, whatever else there is", async () => {
    natsServer("path", "v2.12.1");

    await expect(find({ NATS_SERVER_BIN: "/no/such/file" })).rejects.toThrow("/no/such/file does not exist");
  });

  it("is refused when it is no program", async () => {
    writeFileSync(join(scripts.folder, "text"), "hello");

    await expect(find({ NATS_SERVER_BIN: join(scripts.folder, "text") })).rejects.toThrow("does not run");
  });
});

describe("the PATH", () => {
  it("is used when its nats-server is new enough", async () => {
    const onPath = natsServer("path", "v2.15.1");
    natsServer("cache", "v2.12.1");

    expect(await find()).toBe(onPath);
    expect(scripts.log).toEqual([]);
  });

  it("is passed over for the cache when its nats-server is too old, and says so", async () => {
    const onPath = natsServer("path", "v2.9.10");
    const cached = natsServer("cache", "v2.12.1");

    expect(await find()).toBe(cached);
    expect(scripts.log).toEqual([
      `The nats-server on the PATH is refused: ${onPath} is v2.9.10, not ${OLDEST} or newer. ` +
        "Upgrade or remove it; another is used meanwhile.",
    ]);
  });
});

describe("the official release", () => {
  it("is fetched into an empty cache, by two at once without harm", async () => {
    publishRelease((archive) => createHash("sha256").update(archive).digest("hex"));

    const [found, again] = await Promise.all([find(withTools()), find(withTools())]);

    expect(found).toBe(join(scripts.folder, "cache", "nats-server"));
    expect(again).toBe(found);
    expect(readFileSync(found, "utf8")).toContain("v2.12.15");
    expect(readdirSync(join(scripts.folder, "cache"))).toEqual(["nats-server"]);
  });

  it("replaces a cached nats-server that has become too old", async () => {
    natsServer("cache", "v2.12.0");
    publishRelease((archive) => createHash("sha256").update(archive).digest("hex"));

    expect(readFileSync(await find(withTools()), "utf8")).toContain("v2.12.15");
  });

  it("is refused when its checksum is wrong", async () => {
    publishRelease(() => "0".repeat(64));

    await expect(find(withTools())).rejects.toThrow(
      /the checksum of nats-server-\S+ is not the one in SHA256SUMS/,
    );
    expect(readdirSync(join(scripts.folder, "cache"))).toEqual([]);
  });
});

describe("the distribution's newest package", () => {
  it("is fetched from the machine's own mirror when there is no way to the official release", async () => {
    noNetwork();
    scripts.write("path/apt-get", [
      'case "$*" in',
      '  *indextargets*) printf "x-security http://mirror.test/security\\nx http://mirror.test/debian\\n" ;;',
      '  *update) grep -v "^deb .*target=Packages. http://mirror.test/debian " sources.list && exit 100 ;;',
      "  *download*) : > nats-server_2.15.1-1_any.deb ;;",
      "esac; true",
    ]);
    scripts.write("path/dpkg-deb", [
      "mkdir -p usr/sbin",
      "printf '#!/bin/sh\\necho nats-server: v2.15.1\\n' > usr/sbin/nats-server",
      "chmod +x usr/sbin/nats-server",
    ]);

    expect(readFileSync(await find(withTools()), "utf8")).toContain("v2.15.1");
  });
});

it("lists all it tried, and what to do, when nothing worked", async () => {
  noNetwork();

  const { message } = (await find().catch((error) => error)) as Error;

  expect(message).toMatch(/official release .*: getaddrinfo ENOTFOUND/);
  expect(message).toMatch(/newest package: there is no apt-get on this machine/);
  expect(message).toMatch(/Install nats-server v2.12.1 or newer and set NATS_SERVER_BIN to its path.$/);
});

it.each([
  ["nats-server: v2.12.1", true],
  ["nats-server: v2.12.15", true],
  ["nats-server: v2.15.0", true],
  ["nats-server: v3.0.0", true],
  ["nats-server: v2.12.2-RC.1", true],
  ["nats-server: v2.12.1-RC.1", false],
  ["nats-server: v2.12.0-RC.1", false],
  ["nats-server: v2.12.0", false],
  ["nats-server: v2.9.10", false],
  ["nats-server: v1.99.99", false],
  ["nats-server: unknown", false],
])("takes %j for new enough: %s", (text, expected) => {
  expect(isNewEnough(text)).toBe(expected);
});

it("reads a version out of what nats-server prints", () => {
  expect(parseVersion("nats-server: v2.12.0-RC.1\n")).toEqual({
    text: "v2.12.0-RC.1",
    numbers: [2, 12, 0],
    preRelease: true,
  });
  expect(parseVersion("command not found")).toBeUndefined();
});

function find(env: NodeJS.ProcessEnv = {}) {
  return findNatsServer(scripts.whereabouts(env));
}

/** A PATH with the machine's tools behind our own, and with apt out of order unless a test brings one. */
function withTools(): NodeJS.ProcessEnv {
  if (!existsSync(join(scripts.folder, "path/nats-server"))) natsServer("path", "v2.9.10");
  if (!existsSync(join(scripts.folder, "path/apt-get"))) scripts.write("path/apt-get", ["exit 100"]);
  return scripts.beforeOthers;
}

function natsServer(place: string, version: string): string {
  return scripts.write(`${place}/nats-server`, [`echo "nats-server: ${version}"`]);
}

/** Answers every download as the release page would, with the checksum that `sign` gives the archive. */
function publishRelease(sign: (archive: Buffer) => string) {
  natsServer("release/nats-server-any", "v2.12.15");
  execFileSync("tar", ["-czf", "../release.tar.gz", "nats-server-any"], {
    cwd: join(scripts.folder, "release"),
  });
  const archive = readFileSync(join(scripts.folder, "release.tar.gz"));
  const cpu = process.arch === "x64" ? "amd64" : process.arch;
  const sums = `${sign(archive)}  nats-server-v2.12.15-${process.platform}-${cpu}.tar.gz\n`;

  vi.stubGlobal("fetch", async (url: string) => new Response(url.endsWith("/SHA256SUMS") ? sums : archive));
}

function noNetwork() {
  vi.stubGlobal("fetch", async () => {
    throw new TypeError("fetch failed", { cause: new Error("getaddrinfo ENOTFOUND") });
  });
}

// Which Chromium is taken, refused or fetched: played with scripts that print versions, and without a network.

import { existsSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { findChromium } from "../../shared/stack/chromium.ts";
import { Scripts } from "../support/scripts.ts";

let scripts: Scripts;

beforeEach(() => {
  scripts = new Scripts("chromium");
});

afterEach(() => scripts.remove());

describe("CHROMIUM_BIN", () => {
  it("is used when it runs, whatever else there is", async () => {
    program("path/chromium");
    const chosen = program("chosen");

    expect(await find({ CHROMIUM_BIN: chosen })).toBe(chosen);
  });

  it("is refused when it does not exist, with what to do", async () => {
    program("path/chromium");

    await expect(find({ CHROMIUM_BIN: "/no/such/file" })).rejects.toThrow(
      "CHROMIUM_BIN is refused: /no/such/file does not exist. " +
        "Install Chromium or Chrome and set CHROMIUM_BIN to its path.",
    );
  });

  it("is refused when it does not run, with its own reason", async () => {
    const broken = scripts.write("broken", ["echo 'libnss3.so is missing' >&2", "exit 127"]);

    await expect(find({ CHROMIUM_BIN: broken })).rejects.toThrow("libnss3.so is missing");
  });
});

describe("the PATH", () => {
  it("is used under any name that browsers of this kind have", async () => {
    const chrome = program("path/google-chrome");

    expect(await find()).toBe(chrome);
    expect(scripts.log).toEqual([]);
  });

  it("is passed over for the cache when what is there does not run", async () => {
    scripts.write("path/chromium", ["exit 1"]);
    const cached = program("cache/chromium");

    expect(await find()).toBe(cached);
    expect(scripts.log).toEqual([]);
  });
});

describe("the distribution's package", () => {
  it("is fetched when there is none, and started with the libraries that came with it", async () => {
    publishPackage();

    const found = await find(withTools());

    expect(found).toBe(join(scripts.folder, "cache/chromium"));
    expect(scripts.log).toEqual([
      "Fetching Chromium from the distribution's packages, which can take minutes.",
    ]);
    expect(readdirSync(join(scripts.folder, "cache")).filter((name) => name.startsWith("fetch-"))).toEqual(
      [],
    );
  });

  it("is fetched once: the next one finds it in the cache", async () => {
    publishPackage();
    await find(withTools());
    rmSync(join(scripts.folder, "path"), { recursive: true });

    expect(await find(withTools())).toBe(join(scripts.folder, "cache/chromium"));
    expect(scripts.log).toHaveLength(1);
  });

  it("that has no Chromium in it is refused, and leaves none behind", async () => {
    scripts.write("path/apt-get", ["touch archives/some.deb"]);
    scripts.write("path/dpkg-deb", ['mkdir -p "$3"']);

    await expect(find(withTools())).rejects.toThrow("the package has no chromium in it");
    expect(existsSync(join(scripts.folder, "cache/chromium"))).toBe(false);
  });

  it("that can't be fetched is told of with apt's reason, and what to do", async () => {
    scripts.write("path/apt-get", ["echo 'E: Unable to locate package chromium' >&2", "exit 100"]);
    scripts.write("path/dpkg-deb", ["exit 0"]);

    await expect(find(withTools())).rejects.toThrow(
      "No Chromium found, and none could be fetched: apt-get: E: Unable to locate package chromium. " +
        "Install Chromium or Chrome and set CHROMIUM_BIN to its path.",
    );
  });

  it("is not tried for where there is no apt", async () => {
    await expect(find()).rejects.toThrow("there is no apt-get on this machine");
  });
});

function find(env: NodeJS.ProcessEnv = {}) {
  return findChromium(scripts.whereabouts(env));
}

/** A PATH with the machine's shell tools behind our own, and no browser in it that runs. */
function withTools(): NodeJS.ProcessEnv {
  for (const name of ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"])
    scripts.write(`path/${name}`, ["exit 1"]);
  return scripts.beforeOthers;
}

/** An apt that downloads one package, and a dpkg-deb that unpacks it: a browser that runs with its own libraries only. */
function publishPackage(): void {
  scripts.write("path/apt-get", ["touch archives/chromium.deb"]);
  scripts.write("path/dpkg-deb", [
    'mkdir -p "$3/usr/lib/chromium" "$3/usr/lib/own"',
    'touch "$3/usr/lib/own/libown.so.1"',
    `printf '#!/bin/sh\\ncase "$LD_LIBRARY_PATH" in */usr/lib/own*) echo Chromium 1;; *) exit 1;; esac\\n' > "$3/usr/lib/chromium/chromium"`,
    'chmod 755 "$3/usr/lib/chromium/chromium"',
  ]);
}

function program(name: string): string {
  return scripts.write(name, ["echo Chromium 130"]);
}

// The shape of the code: who may import whom, what an app is made of, and that what is generated is up to date.

import { readdirSync, readFileSync, statSync } from "node:fs";
import { join, posix, relative, sep } from "node:path";
import { describe, expect, it } from "vitest";
import { allServices } from "../apps/services.ts";
import { loadConfig } from "../shared/config.ts";
import { natsConf } from "../shared/nats/conf.ts";
import { GENERATED, generate } from "../shared/schemas/generate.ts";
import { projectRoot } from "../shared/stack/project.ts";

const services = allServices(loadConfig({}));

/** The project's code: text by path. */
const code = new Map([...sources("apps"), ...sources("shared")].map((path) => [path, read(path)]));
/** No services: `apps/proof` says what must hold of all of them, `apps/monitor` shows how all of them stand. */
const OF_ALL = ["proof", "monitor"];
const apps = [...new Set([...code.keys()].flatMap((path) => appOf(path) ?? []))].filter(
  (app) => !OF_ALL.includes(app),
);

describe("an app", () => {
  it("imports the kit and the contracts, never another app", () => {
    expect(importsOfOtherApps(code)).toEqual([]);
  });

  it("decides without I/O: decisions import contracts, and their own ports as types", () => {
    expect(impureDecisions(code)).toEqual([]);
  });

  it("decides without a clock, chance, waiting, the process or a log", () => {
    const impure = filesNamed("decisions.ts").filter((path) =>
      /\b(Date\b|performance|Math\.random|crypto|await|async|Promise|setTimeout|setImmediate|process|console|globalThis|require)\b/.test(
        withoutComments(code.get(path)!),
      ),
    );

    expect(impure).toEqual([]);
  });

  it("never talks to NATS: the kit does", () => {
    const talking = importsOf(code).filter(
      ({ from, target }) => appOf(from) && /^(nats$|@nats-io\/)/.test(target),
    );

    expect(talking).toEqual([]);
  });

  it("is imported by nobody but the list of services, the stack and its tests", () => {
    expect(kitImportsOfApps(code)).toEqual([]);
  });

  it("that is no service knows the services by their list alone, and decides nothing", () => {
    const known = importsOf(code).filter(
      ({ from, resolved }) => from.startsWith("apps/monitor/") && resolved?.startsWith("apps/"),
    );

    expect(
      known.filter(({ resolved }) => appOf(resolved!) !== "monitor").map(({ resolved }) => resolved),
    ).toEqual(["apps/services.ts"]);
    expect(filesOf("monitor")).not.toContain("service.ts");
  });

  it("imports downwards: decisions, store, service, adapters, http, main", () => {
    expect(importsUpwards(code)).toEqual([]);
  });
});

describe("the checks above", () => {
  const planted = (path: string, text: string) => new Map([[path, text]]);

  it("see an app that imports another one, however it is written", () => {
    const other = "../inventory/store.ts";
    for (const text of [
      `import { store } from "${other}";`,
      `import type { Stock } from "${other}";`,
      `export * from "${other}";`,
      `import "${other}";`,
      `import {\n  a,\n  b,\n} from "${other}";`,
      `const later = await import("${other}");`,
    ]) {
      expect(importsOfOtherApps(planted("apps/orders/http.ts", text)), text).toHaveLength(1);
    }
    expect(importsOfOtherApps(planted("apps/orders/http.ts", 'import { a } from "./store.ts";'))).toEqual([]);
    expect(
      importsOfOtherApps(planted("apps/services.ts", 'import { a } from "./orders/service.ts";')),
    ).toEqual([]);
    expect(
      importsOfOtherApps(planted("apps/services.ts", 'import { a } from "./orders/store.ts";')),
    ).toHaveLength(1);
  });

  it("see decisions that import I/O", () => {
    for (const [text, faults] of [
      ['import { readFileSync } from "node:fs";', 1],
      ['import { pino } from "pino";', 1],
      ['import { sandboxCarrier } from "./sandbox.ts";', 1],
      ['import { type Booking } from "./carrier.ts";', 1],
      ['import type { InventoryStore } from "./store.ts";', 1],
      ['import { createLog } from "../../shared/observability/log.ts";', 1],
      ['import type { Runtime } from "../../shared/service/runtime.ts";', 1],
      ['import type { Booking } from "./carrier.ts";', 0],
      ['import { type Event, fact } from "../../shared/contracts/events.ts";', 0],
    ] as const) {
      expect(impureDecisions(planted("apps/shipping/decisions.ts", text)), text).toHaveLength(faults);
    }
  });

  it("see a kit that imports an app, but for the stack that starts them", () => {
    const text = 'import { allServices } from "../../apps/services.ts";';

    expect(kitImportsOfApps(planted("shared/nats/conf.ts", text))).toHaveLength(1);
    expect(kitImportsOfApps(planted("shared/stack/conf.ts", text))).toEqual([]);
  });

  it("see an import upwards", () => {
    for (const [path, text, faults] of [
      ["apps/orders/store.ts", 'import { place } from "./decisions.ts";', 0],
      ["apps/orders/decisions.ts", 'import { store } from "./store.ts";', 1],
      ["apps/orders/service.ts", 'import { routes } from "./http.ts";', 1],
      ["apps/orders/service.ts", 'import type { Gateway } from "./gateway.ts";', 0],
      ["apps/orders/service.ts", 'import { sandboxGateway } from "./sandbox.ts";', 1],
      ["apps/orders/watch.ts", 'import "./main.ts";', 1],
    ] as const) {
      expect(importsUpwards(planted(path, text)), `${path}: ${text}`).toHaveLength(faults);
    }
  });
});

describe("the anatomy of an app", () => {
  it("is one folder for each service of the flow, of the same name", () => {
    expect(apps.toSorted()).toEqual(services.map(({ name }) => name).toSorted());
  });

  it.each(services)(
    "has a store, a service and a main, and decisions if $name decides anything",
    (service) => {
      const files = filesOf(service.name);
      const decides =
        service.commands.length > 0 || service.reactions.some(({ decide, request }) => decide || request);

      expect(files).toEqual(expect.arrayContaining(["store.ts", "service.ts", "main.ts"]));
      expect(files.includes("decisions.ts")).toBe(decides);
    },
  );

  it.each(apps)("of %s shows its table in service.ts, on one screen", (app) => {
    const declaring = filesOf(app).filter((file) =>
      /\bdefineService\(/.test(code.get(`apps/${app}/${file}`)!),
    );

    expect(declaring).toEqual(["service.ts"]);
    expect(lines(`apps/${app}/service.ts`)).toBeLessThanOrEqual(60);
  });

  it.each(apps)("of %s wires it in a few lines, in main.ts", (app) => {
    expect(lines(`apps/${app}/main.ts`)).toBeLessThanOrEqual(25);
    expect(importsOf(code).filter(({ resolved }) => resolved === `apps/${app}/main.ts`)).toEqual([]);
  });
});

describe("who watches", () => {
  const watchers = ["hr-time", "metrics", "open-tracing", "sampler", "spans", "tracing"].map(
    (name) => `shared/observability/${name}.ts`,
  );

  it("is known to nobody: services, runtime and tools know no prom-client and no OpenTelemetry", () => {
    const knowing = importsOf(code).filter(({ target }) => /^(prom-client$|@opentelemetry\/)/.test(target));

    expect(new Set(knowing.map(({ from }) => from))).toEqual(new Set(watchers));
  });

  it("is only called in where the configuration asks for it", () => {
    const calling = importsOf(code).filter(
      ({ from, resolved = "", typeOnly }) =>
        !typeOnly && watchers.includes(resolved) && !watchers.includes(from),
    );

    expect(new Set(calling.map(({ from }) => from))).toEqual(new Set(["shared/observability/observing.ts"]));
  });
});

describe("every file", () => {
  it("says at its top what it is for, unless it only wires", () => {
    const silent = [...code].filter(([path, text]) => !path.endsWith("/main.ts") && !text.startsWith("// "));

    expect(silent.map(([path]) => path)).toEqual([]);
  });

  it("is short: the median is well under 100 lines", () => {
    const sizes = [...code.keys()]
      .filter((path) => path !== GENERATED)
      .map(lines)
      .sort((a, b) => a - b);

    expect(sizes[Math.floor(sizes.length / 2)]).toBeLessThan(90);
  });
});

describe("what is generated", () => {
  it("has the types of every event as the schemas have them: run `npm run schemas -- generate`", () => {
    expect(read(GENERATED)).toBe(generate(join(projectRoot, "schemas")));
  });

  it("has nats.conf as the reaction tables have it: run `npm run conf`", () => {
    expect(read("nats.conf")).toBe(natsConf(services));
  });
});

interface Import {
  readonly from: string;
  readonly target: string;
  /** The path of the file it means, seen from the project's root; undefined for packages. */
  readonly resolved: string | undefined;
  readonly typeOnly: boolean;
}

type Code = ReadonlyMap<string, string>;

function importsOfOtherApps(of: Code): Import[] {
  return importsOf(of).filter(({ from, resolved = "" }) => {
    const target = appOf(resolved);
    if (!target || target === appOf(from)) return false;
    const listsServices = from === "apps/services.ts" && resolved.endsWith("/service.ts");
    return from.startsWith("apps/") && !listsServices;
  });
}

function impureDecisions(of: Code): Import[] {
  const parts = ["store.ts", "service.ts", "http.ts", "main.ts"];
  return importsOf(of).filter(({ from, resolved, typeOnly }) => {
    if (!appOf(from) || !from.endsWith("/decisions.ts")) return false;
    if (resolved?.startsWith("shared/contracts/")) return false;
    const ownPort = resolved && appOf(resolved) === appOf(from) && !parts.includes(posix.basename(resolved));
    return !(ownPort && typeOnly);
  });
}

function kitImportsOfApps(of: Code): Import[] {
  return importsOf(of).filter(
    ({ from, resolved }) =>
      from.startsWith("shared/") && !from.startsWith("shared/stack/") && resolved?.startsWith("apps/"),
  );
}

/** Imports of values within an app that go against the order of its files; types may come from anywhere but main. */
function importsUpwards(of: Code): Import[] {
  const ranks = ["decisions.ts", "store.ts", "service.ts", "(adapter)", "http.ts", "main.ts"];
  const rank = (path: string) => {
    const known = ranks.indexOf(posix.basename(path));
    return known === -1 ? ranks.indexOf("(adapter)") : known;
  };
  return importsOf(of).filter(({ from, resolved, typeOnly }) => {
    if (!resolved || !appOf(from) || appOf(from) !== appOf(resolved)) return false;
    return posix.basename(resolved) === "main.ts" || (!typeOnly && rank(resolved) > rank(from));
  });
}

function importsOf(of: Code): Import[] {
  const statement = /^(?:import|export)\s+(type\s)?(?:[^"';]*?\bfrom\s*)?"([^"]+)"/gm;
  const call = /\bimport\(\s*"([^"]+)"/g;
  return [...of].flatMap(([from, text]) => {
    const found = (target: string, typeOnly: boolean): Import => {
      const resolved = target.startsWith(".") ? posix.join(posix.dirname(from), target) : undefined;
      return { from, target, resolved, typeOnly };
    };
    return [
      ...[...text.matchAll(statement)].map(([, type, target]) => found(target!, type !== undefined)),
      ...[...text.matchAll(call)].map(([, target]) => found(target!, false)),
    ];
  });
}

/** The app that a file belongs to: the folder's name. */
function appOf(path: string): string | undefined {
  return /^apps\/([^/]+)\//.exec(path)?.[1];
}

function filesOf(app: string): string[] {
  return [...code.keys()].filter((path) => appOf(path) === app).map((path) => posix.basename(path));
}

function filesNamed(name: string): string[] {
  return [...code.keys()].filter((path) => posix.basename(path) === name);
}

function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, "").replace(/\/\/.*$/gm, "");
}

function lines(path: string): number {
  return code.get(path)!.trimEnd().split("\n").length;
}

function read(path: string): string {
  return readFileSync(join(projectRoot, path), "utf8");
}

function sources(folder: string): string[] {
  return readdirSync(join(projectRoot, folder), { recursive: true, encoding: "utf8" })
    .map((path) => join(projectRoot, folder, path))
    .filter((path) => /\.(ts|mjs)$/.test(path) && statSync(path).isFile())
    .map((path) => relative(projectRoot, path).split(sep).join("/"));
}

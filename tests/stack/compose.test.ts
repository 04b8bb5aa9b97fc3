// docker-compose.yml, compared with the code that it runs.

import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { z } from "zod";
import { allServices } from "../../apps/services.ts";
import { loadConfig, natsUrl, own, serviceUrl, variables } from "../../shared/config.ts";
import { MONITOR, users } from "../../shared/nats/topology.ts";
import { isNewEnough } from "../../shared/stack/nats-server.ts";
import { projectRoot } from "../../shared/stack/project.ts";

interface Container {
  image: string;
  build?: string;
  pull_policy?: string;
  command?: string[];
  environment?: Record<string, string>;
  profiles?: string[];
  ports?: string[];
  volumes?: string[];
  depends_on?: Record<string, { condition: string }>;
  restart: string;
  stop_grace_period?: string;
  healthcheck?: { test: string[]; interval: string; timeout: string; start_period: string };
  read_only: boolean;
  cap_drop: string[];
  security_opt: string[];
  mem_limit: string;
}

const read = (file: string) => readFileSync(join(projectRoot, file), "utf8");
const text = read("docker-compose.yml");
const compose = parse(text, { merge: true }) as { services: Record<string, Container>; volumes: object };
const containers = Object.entries(compose.services);
const container = (name: string) => compose.services[name]!;

const config = loadConfig({});
const services = allServices(config).map(({ name }) => name);
const everyone = users(allServices(config));
const passwordOf = (user: string) => `${user.toUpperCase()}_PASSWORD`;
const passwords = Object.fromEntries(everyone.map((user) => [passwordOf(user), `dummy-password-of-${user}`]));

/** Variables that are not Quadrille's own: those of the images, of the seeding script, and of the mail's port. */
const OTHERS: Record<string, string[]> = {
  nats: ["NATS_STORE_DIR", "NATS_SYNC_INTERVAL", "GOGC", "GOMEMLIMIT"],
  mail: ["MP_DISABLE_VERSION_CHECK"],
  seed: ["INVENTORY_URL"],
  grafana: [
    "GF_SECURITY_DISABLE_INITIAL_ADMIN_CREATION",
    "GF_AUTH_ANONYMOUS_ENABLED",
    "GF_AUTH_ANONYMOUS_ORG_ROLE",
    "GF_AUTH_DISABLE_LOGIN_FORM",
    "GF_AUTH_BASIC_ENABLED",
    "GF_USERS_ALLOW_SIGN_UP",
    "GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH",
    "GF_ANALYTICS_REPORTING_ENABLED",
    "GF_ANALYTICS_CHECK_FOR_UPDATES",
    "GF_PLUGINS_PREINSTALL_DISABLED",
  ],
  jaeger: ["JAEGER_LISTEN_HOST"],
  "(interpolated)": [
    "NATS_GOMEMLIMIT",
    "NATS_MEM_LIMIT",
    "MAIL_UI_PORT",
    "PROMETHEUS_PORT",
    "GRAFANA_PORT",
    "JAEGER_PORT",
  ],
};
/** What OpenTelemetry's own parts read. */
const OTEL = [
  "OTEL_SERVICE_NAME",
  "OTEL_RESOURCE_ATTRIBUTES",
  "OTEL_EXPORTER_OTLP_HEADERS",
  "OTEL_EXPORTER_OTLP_TRACES_HEADERS",
  "OTEL_EXPORTER_OTLP_COMPRESSION",
  "OTEL_EXPORTER_OTLP_TIMEOUT",
  "OTEL_BSP_SCHEDULE_DELAY",
];
const HELPERS = ["provision", "parked", "seed"];
const ONE_SHOTS = ["parked", "seed"];
/** Who watches: only under the profile `monitoring`. */
const WATCHERS = ["prometheus", "grafana", "jaeger"];
const IMAGES_OF_OTHERS = ["nats", "mail", ...WATCHERS];

const folder = mkdtempSync(join(tmpdir(), "compose-"));
afterAll(() => rmSync(folder, { recursive: true }));

describe("docker-compose.yml is a Compose file", () => {
  // As Debian's docker-compose 1.29.2 has it (Apache-2.0), so that nothing newer slips in. It claims draft 2019-09 but
  // keeps its parts under `definitions`, as draft 7 does; its formats, such as "10s" for a duration, are its own.
  const { $schema, ...schema } = JSON.parse(read("tests/stack/compose-spec.json"), (key, value) =>
    key === "format" && typeof value === "string" ? undefined : value,
  );
  const specification = z.fromJSONSchema(schema, { defaultTarget: "draft-7" });

  it("has the shape that the Compose specification asks for", () => {
    expect(specification.safeParse(compose).error).toBeUndefined();
  });

  it.each([
    ["an unknown key", { image: "a", memory: "1g" }],
    ["an unknown condition", { image: "a", depends_on: { b: { condition: "service_ready" } } }],
    ["a misspelled health check", { image: "a", healthcheck: { intervall: "5s" } }],
    ["a repeated port", { image: "a", ports: ["1:1", "1:1"] }],
    ["a wrong type", { image: 1 }],
  ])("would not have it with %s", (_, service) => {
    expect(specification.safeParse({ services: { b: { image: "b" } } }).success).toBe(true);
    expect(specification.safeParse({ services: { a: service, b: { image: "b" } } }).success).toBe(false);
  });

  const engines = ["docker-compose", "docker compose"].filter(
    (engine) => run(engine, ["version"]).status === 0,
  );

  describe.each(engines)("%s", (engine) => {
    const noEnv = join(folder, "no.env");
    const readBy = (env: NodeJS.ProcessEnv) => {
      writeFileSync(noEnv, "");
      return run(engine, ["--env-file", noEnv, "-f", join(projectRoot, "docker-compose.yml"), "config"], env);
    };

    it("reads it", () => {
      const { status, stdout, stderr } = readBy(passwords);

      expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
      expect(Object.keys(parse(stdout).services).sort()).toEqual(Object.keys(compose.services).sort());
    });

    it("refuses it while a password is missing, and says what to do", () => {
      const { status, stderr } = readBy({ ...passwords, RISK_PASSWORD: undefined });

      expect(status).not.toBe(0);
      expect(stderr).toContain("run npm run passwords");
    });
  });
});

describe("docker-compose.yml has a container for every service", () => {
  it("and none for what is no service", () => {
    expect(Object.keys(compose.services).sort()).toEqual(
      [...services, MONITOR, ...HELPERS, ...IMAGES_OF_OTHERS].sort(),
    );
  });

  it.each(services)("%s: its program, its port, its password and its volume, and no other's", (name) => {
    const { command, ports, volumes, healthcheck } = container(name);
    const port = own(config, name, "PORT");

    expect(command).toEqual(["node", `dist/apps/${name}/main.js`]);
    expect(ports).toEqual([`127.0.0.1:\${${name.toUpperCase()}_PORT:-${port}}:${port}`]);
    expect(passwordsGivenTo(name)).toEqual([passwordOf(name)]);
    expect(volumes).toEqual([`${name}:/data`]);
    expect(healthcheck?.test).toEqual([
      "CMD",
      "node",
      "dist/shared/stack/healthy.js",
      `http://127.0.0.1:${port}/healthz`,
    ]);
  });

  it.each(services)("%s: an environment that makes a configuration", (name) => {
    const found = loadConfig(interpolated(name));

    expect(natsUrl(found)).toBe("nats://nats:4222");
    expect(found).toMatchObject({ HTTP_HOST: "0.0.0.0", DATA_DIR: "/data", DURABILITY: "strict" });
    expect(own(found, name, "PORT")).toBe(own(config, name, "PORT"));
    expect(found.SMTP_URL).toBe(name === "notifications" ? "smtp://mail:1025" : undefined);
  });

  it.each(services)("%s: starts after NATS is provisioned, restarts, and has time to drain", (name) => {
    const { depends_on, restart, stop_grace_period } = container(name);

    expect(depends_on).toEqual({
      nats: { condition: "service_healthy" },
      provision: { condition: "service_healthy" },
    });
    expect([restart, stop_grace_period]).toEqual(["unless-stopped", "15s"]);
  });

  it("each with a volume that is declared", () => {
    expect(Object.keys(compose.volumes).sort()).toEqual(["nats", "prometheus", ...services].sort());
  });
});

describe("docker-compose.yml has those who watch", () => {
  it("under a profile of their own, so that nobody needs them", () => {
    const watching = containers.filter(([, { profiles }]) => profiles?.includes("monitoring"));

    expect(watching.map(([name]) => name).sort()).toEqual(WATCHERS.toSorted());
    for (const [, { depends_on = {} }] of containers.filter(([name]) => !WATCHERS.includes(name)))
      expect(Object.keys(depends_on).filter((name) => WATCHERS.includes(name))).toEqual([]);
  });

  it("Prometheus, who reads every service and the monitor where they are, and knows the alerts", () => {
    const { rule_files, scrape_configs } = parse(read("shared/observability/prometheus/prometheus.yml"));
    const targets = [...services, MONITOR].map((name) => ({
      targets: [`${name}:${own(config, name, "PORT")}`],
      labels: { service: name },
    }));
    const byName = (a: (typeof targets)[0], b: (typeof targets)[0]) =>
      a.labels.service < b.labels.service ? -1 : 1;

    expect(rule_files).toEqual(["alerts.yml"]);
    expect(scrape_configs[0].static_configs.toSorted(byName)).toEqual(targets.toSorted(byName));
    expect(container("prometheus").volumes).toContain("./shared/observability/prometheus:/etc/prometheus:ro");
  });

  it("Grafana, with its dashboard, without an administrator, and without a login", () => {
    const { environment, volumes } = container("grafana");
    const { GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH: home = "" } = environment!;

    expect(environment).toMatchObject({
      GF_SECURITY_DISABLE_INITIAL_ADMIN_CREATION: "true",
      GF_AUTH_BASIC_ENABLED: "false",
      GF_AUTH_DISABLE_LOGIN_FORM: "true",
      GF_AUTH_ANONYMOUS_ORG_ROLE: "Viewer",
      GF_USERS_ALLOW_SIGN_UP: "false",
    });
    for (const volume of volumes!) {
      const [here, , mode] = volume.split(":");
      expect([existsSync(join(projectRoot, here!)), mode]).toEqual([true, "ro"]);
    }
    const folder = volumes!.find((volume) => home.startsWith(volume.split(":")[1]!))!.split(":")[0]!;
    expect(existsSync(join(projectRoot, folder, basename(home)))).toBe(true);
    const { datasources } = parse(
      read("shared/observability/grafana/provisioning/datasources/quadrille.yml"),
    );
    expect(datasources.map(({ url }: { url: string }) => new URL(url).hostname)).toEqual([
      "prometheus",
      "jaeger",
    ]);
  });
});

describe("docker-compose.yml gives NATS and its helpers what they need", () => {
  it("every variable of nats.conf, and no more", () => {
    const conf = read("nats.conf").replace(/#.*$|"[^"]*"/gm, "");
    const used = [...conf.matchAll(/\$([A-Z_]+)/g)].map(([, name]) => name!);
    const given = Object.keys(container("nats").environment!).filter((name) => !name.startsWith("GO"));

    expect(used).toContain("NATS_SYNC_INTERVAL");
    expect(given.sort()).toEqual([...new Set(used)].sort());
  });

  it("a store on a volume, synced always, and the configuration read-only", () => {
    const { environment, volumes } = container("nats");

    expect(environment).toMatchObject({
      NATS_HOST: "0.0.0.0",
      NATS_STORE_DIR: "/data",
      NATS_SYNC_INTERVAL: "always",
    });
    expect(volumes).toEqual(["./nats.conf:/etc/nats/nats.conf:ro", "nats:/data"]);
  });

  it("a garbage collector that works hard before the container has no memory left", () => {
    const { mem_limit, environment } = container("nats");
    const [, gigabytes] = /^\$\{NATS_MEM_LIMIT:-(\d+)g\}$/.exec(mem_limit)!;
    const [, mebibytes] = /^\$\{NATS_GOMEMLIMIT:-(\d+)MiB\}$/.exec(`${environment!.GOMEMLIMIT}`)!;

    expect(Number(mebibytes) / 1024).toBeLessThanOrEqual(0.9 * Number(gigabytes));
    expect(environment!.GOGC).toBe("50");
  });

  it("a server that is new enough", () => {
    const [, version] = container("nats").image.match(/^nats:(\d+\.\d+\.\d+)-/)!;

    expect(isNewEnough(version!)).toBe(true);
  });

  it("the administrator's password for the provisioner alone, and none for seed and mail", () => {
    expect(passwordsGivenTo("provision")).toEqual(["ADMIN_PASSWORD"]);
    expect([...passwordsGivenTo("seed"), ...passwordsGivenTo("mail")]).toEqual([]);
    expect(container("provision").command).toEqual(["node", "dist/shared/stack/provision.js", "--keep"]);
    expect(container("provision").depends_on).toEqual({ nats: { condition: "service_healthy" } });
  });

  it("the monitor its own password and the operators', what its services' tables rest on, and no volume", () => {
    const { command, ports, volumes, healthcheck, depends_on } = container(MONITOR);
    const found = loadConfig(interpolated(MONITOR));

    expect(command).toEqual(["node", "dist/apps/monitor/main.js"]);
    expect(ports).toEqual([`127.0.0.1:\${MONITOR_PORT:-${config.MONITOR_PORT}}:${config.MONITOR_PORT}`]);
    expect(passwordsGivenTo(MONITOR).sort()).toEqual(["MONITOR_PASSWORD", "OPERATOR_PASSWORD"]);
    expect(volumes).toBeUndefined();
    expect(healthcheck?.test).toEqual([
      "CMD",
      "node",
      "dist/shared/stack/healthy.js",
      `http://127.0.0.1:${config.MONITOR_PORT}/healthz`,
    ]);
    expect(depends_on).toEqual(container("orders").depends_on);
    for (const name of services)
      expect(serviceUrl(found, name)).toBe(`http://${name}:${own(config, name, "PORT")}`);
    const policies = services.flatMap((name) =>
      Object.keys(container(name).environment ?? {}).filter(isPolicy),
    );
    expect(Object.keys(container(MONITOR).environment ?? {})).toEqual(expect.arrayContaining(policies));
  });

  it("stock after inventory is healthy", () => {
    const { command, depends_on, environment } = container("seed");

    expect(command).toEqual(["node", "dist/shared/stack/seed-once.js"]);
    expect(depends_on).toEqual({ inventory: { condition: "service_healthy" } });
    expect(environment!.INVENTORY_URL).toBe(`http://inventory:${config.INVENTORY_PORT}`);
  });
});

describe("docker-compose.yml is careful", () => {
  it("about variables: each is known to shared/config.ts", () => {
    const known = [...Object.keys(variables.shape), ...OTEL];
    const unknown = containers.flatMap(([name, { environment = {} }]) =>
      Object.keys(environment).filter((key) => !known.includes(key) && !OTHERS[name]?.includes(key)),
    );
    const interpolations = [...text.matchAll(/\$\{([A-Z_]+)/g)].map(([, name]) => name!);

    expect(unknown).toEqual([]);
    expect(interpolations.filter((name) => !known.includes(name))).toEqual(OTHERS["(interpolated)"]);
  });

  it.each([...services, MONITOR])(
    "about figures and traces: %s is given all that shared/config.ts and OpenTelemetry know of them",
    (name) => {
      const known = Object.keys(variables.shape).filter((key) => /^(OTEL_|METRICS$)/.test(key));
      expect(Object.keys(container(name).environment!)).toEqual(expect.arrayContaining([...known, ...OTEL]));
    },
  );

  it("about passwords: none is written down, none has a default", () => {
    const given = containers
      .flatMap(([, { environment = {} }]) => Object.entries(environment))
      .filter(isPassword);

    // Each is NATS's and its owner's, and the monitor has the operators' as well.
    expect(given).toHaveLength(2 * everyone.length + 1);
    for (const [name, value] of given) expect(value).toBe(`\${${name}:?is not set, run npm run passwords}`);
  });

  it.each(containers)("about %s: pinned, bounded, without privileges, and on loopback only", (_, one) => {
    expect(one.image).toMatch(/^[a-z0-9/]+:v?\d+\.\d+\.\d+(-alpine)?$/);
    expect(one).toMatchObject({
      read_only: true,
      cap_drop: ["ALL"],
      security_opt: ["no-new-privileges:true"],
    });
    expect(one.mem_limit).toMatch(/^(\d+[mg]|\$\{NATS_MEM_LIMIT:-\d+g\})$/);
    for (const port of one.ports ?? []) expect(port).toMatch(/^127\.0\.0\.1:\$\{[A-Z_]+:-\d+\}:\d+$/);
  });

  it.each(containers)(
    "about %s: a one-shot ends, all else restarts and says whether it is healthy",
    (name, one) => {
      const isOneShot = ONE_SHOTS.includes(name);

      expect(one.restart).toBe(isOneShot ? "no" : "unless-stopped");
      expect(one.healthcheck !== undefined).toBe(!isOneShot);
      const { interval = "1s", timeout = "1s", start_period = "1s" } = one.healthcheck ?? {};
      for (const duration of [interval, timeout, start_period]) expect(duration).toMatch(/^\d+s$/);
    },
  );

  it("about its own image: built once, for the provisioner, and never pulled", () => {
    const { version } = JSON.parse(read("package.json"));
    const ours = containers.filter(([name]) => !IMAGES_OF_OTHERS.includes(name));

    for (const [name, { image, build, pull_policy }] of ours) {
      expect(image).toBe(`quadrille:${version}`);
      expect([build, pull_policy]).toEqual(name === "provision" ? [".", "build"] : [undefined, "never"]);
    }
  });
});

function run(engine: string, args: string[], env: NodeJS.ProcessEnv = {}) {
  const [command, ...words] = [...engine.split(" "), ...args];
  const { PATH, HOME } = process.env;
  return spawnSync(command!, words, { env: { PATH, HOME, ...env }, encoding: "utf8", timeout: 30_000 });
}

function isPassword([name]: [string, unknown]): boolean {
  return name.endsWith("_PASSWORD");
}

/** Whether a variable decides what a service says. */
function isPolicy(name: string): boolean {
  return /^(RISK|GATEWAY|CARRIER)_.*(CENTS|DEADLINE_MS)$/.test(name);
}

function passwordsGivenTo(name: string): string[] {
  return Object.entries(container(name).environment ?? {})
    .filter(isPassword)
    .map(([key]) => key);
}

/** A container's environment as Compose makes it where only the passwords are set. */
function interpolated(name: string): Record<string, string> {
  const replace = (value: string) =>
    value.replace(/\$\{([A-Z_]+)(?::-([^}]*)|:\?[^}]*)\}/g, (_, key, fallback) => passwords[key] ?? fallback);
  return Object.fromEntries(
    Object.entries(container(name).environment!).map(([key, value]) => [key, replace(value)]),
  );
}

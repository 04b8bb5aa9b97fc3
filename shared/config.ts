// Every environment variable that Quadrille reads, with its default: the one place to look them up.

import { z } from "zod";

const port = (fallback: number) => z.coerce.number().int().min(1).max(65_535).default(fallback);
const milliseconds = (fallback: number, min: number) =>
  z.coerce.number().int().min(min).max(86_400_000).default(fallback);
const deadline = (fallback: number) =>
  z.coerce
    .number()
    .int()
    .min(1, "must be 1 or more")
    .max(31_536_000_000, "must be a year at most")
    .default(fallback);
const hours = (fallback: number) => z.coerce.number().int().min(1).max(262_800).default(fallback);
const secret = z.string().min(16, "is missing or shorter than 16 characters").optional();

const url = z.url({ protocol: /^https?$/ }).optional();
const otlp = z.enum(["http/protobuf", "http/json"]).optional();

const rows = {
  DATA_DIR: z
    .string()
    .min(1)
    .default(".data")
    .describe("Where the stream, the databases and the passwords are kept."),
  HTTP_HOST: z.string().min(1).default("127.0.0.1").describe("The address that every HTTP port listens on."),
  HTTP_NAMES: z
    .string()
    .regex(/^[\w.-]+(,[\w.-]+)*$/, "must be names with commas between")
    .optional()
    .describe("The names with a dot under which HTTP is asked for, such as a proxy's; addresses always are."),
  HTTP_HELD: z
    .stringbool()
    .default(false)
    .describe("Whether the process that started a service listens for it. Set by npm start."),
  NATS_HOST: z.string().min(1).default("127.0.0.1").describe("The address that nats-server listens on."),
  NATS_PORT: port(4222).describe("nats-server's client port."),
  NATS_MONITOR_PORT: port(8222).describe("nats-server's HTTP monitoring port; it asks for no password."),
  NATS_URL: z
    .url({ protocol: /^(nats|tls)$/ })
    .optional()
    .describe("Where services find NATS; else NATS_HOST and NATS_PORT."),
  ORDERS_PORT: port(8080).describe("HTTP port of the orders service."),
  INVENTORY_PORT: port(8082).describe("HTTP port of the inventory service."),
  PAYMENTS_PORT: port(8083).describe("HTTP port of the payments service."),
  RISK_PORT: port(8084).describe("HTTP port of the risk service."),
  SHIPPING_PORT: port(8085).describe("HTTP port of the shipping service."),
  NOTIFICATIONS_PORT: port(8086).describe("HTTP port of the notifications service."),
  ANALYTICS_PORT: port(8087).describe("HTTP port of the analytics service."),
  MONITOR_PORT: port(8081).describe("HTTP port of the monitor."),
  MONITOR_POLL_MS: milliseconds(2_000, 100).describe(
    "How often the monitor asks NATS how the consumers stand.",
  ),
  SERVICE_URL: z
    .string()
    .regex(/^https?:\/\/[^\s/]+$/, "must be http:// or https:// and a host, without a path")
    .optional()
    .describe(
      "Where the monitor finds a service: {service} stands for its name, {port} for its port. Else on HTTP_HOST.",
    ),
  RISK_REVIEW_FROM_CENTS: z.coerce
    .number()
    .int()
    .min(0)
    .default(100_000)
    .describe("Order totals from here on wait for a person."),
  RISK_REVIEW_DEADLINE_MS: deadline(86_400_000).describe(
    "How long an order waits for a person before it is rejected.",
  ),
  GATEWAY_DEADLINE_MS: deadline(3_600_000).describe(
    "How long the payment gateway is asked to authorize, before the order is declined.",
  ),
  CARRIER_DEADLINE_MS: deadline(3_600_000).describe(
    "How long the carrier is asked to book, before the shipment fails.",
  ),
  SMTP_URL: z
    .url({ protocol: /^smtps?$/ })
    .optional()
    .describe("Sends mail there; without it, mails are kept and shown at GET /mails."),
  MAIL_FROM: z
    .string()
    .min(3)
    .default("Quadrille <orders@quadrille.example>")
    .describe("The sender of every mail."),
  SEED: z
    .enum(["demo", "none"])
    .default("demo")
    .describe("What an empty data folder starts with: a small catalogue of stock, or nothing."),
  DURABILITY: z
    .enum(["strict", "relaxed"])
    .default("strict")
    .describe("strict: every commit and every stored fact is fsynced before anyone hears of it."),
  ACK_WAIT_MS: milliseconds(10_000, 1_000).describe(
    "How long NATS waits for an ack before it delivers again; a call under way prolongs it.",
  ),
  DUPLICATE_WINDOW_MS: milliseconds(120_000, 1_000).describe(
    "How long NATS remembers the ids of stored facts.",
  ),
  STREAM_MAX_AGE_HOURS: hours(720).describe(
    "How long the stream keeps facts: the longest a service may be down.",
  ),
  PARKED_MAX_AGE_HOURS: hours(720).describe("How long a parked message waits for an operator."),
  INBOX_MAX_AGE_HOURS: hours(1_488).describe(
    "How long services know what they have handled: at least as long as both above together.",
  ),
  SCHEMA_WAIT_MS: milliseconds(60_000, 1_000).describe(
    "How long an event waits for a schema that is not in the bucket SCHEMAS, before it is parked.",
  ),
  LOG_LEVEL: z
    .enum(["trace", "debug", "info", "warn", "error", "silent"])
    .default("info")
    .describe("The least important log lines to print."),
  METRICS: z
    .stringbool()
    .default(true)
    .describe("Whether services count what they do, and show it to Prometheus at GET /metrics."),
  OTEL_EXPORTER_OTLP_ENDPOINT: url.describe(
    "Sends traces there over OTLP, such as http://127.0.0.1:4318; without any of these, there are no traces.",
  ),
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: url.describe("The same for traces alone, with its path."),
  OTEL_TRACES_EXPORTER: z
    .enum(["otlp", "none"])
    .optional()
    .describe(
      "otlp: sends traces even if no endpoint is set, to port 4318 of this machine. none: sends none.",
    ),
  OTEL_SDK_DISABLED: z.stringbool().default(false).describe("Whether there are no traces after all."),
  OTEL_EXPORTER_OTLP_PROTOCOL: otlp.describe("How traces travel; http/protobuf unless set."),
  OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: otlp,
  OTEL_TRACES_SAMPLER: z
    .enum([
      "always_on",
      "always_off",
      "traceidratio",
      "parentbased_always_on",
      "parentbased_always_off",
      "parentbased_traceidratio",
    ])
    .optional()
    .describe("Which traces are kept; all unless set."),
  OTEL_TRACES_SAMPLER_ARG: z.coerce
    .number()
    .min(0)
    .max(1)
    .optional()
    .describe("Which share of them, from 0 to 1."),
  OTEL_BSP_MAX_QUEUE_SIZE: z.coerce
    .number()
    .int()
    .min(1)
    .max(1_000_000)
    .default(8_192)
    .describe("How many spans may wait to be sent; more are dropped."),
  OTEL_BSP_MAX_EXPORT_BATCH_SIZE: z.coerce
    .number()
    .int()
    .min(1)
    .max(1_000_000)
    .default(4_096)
    .describe(
      "How many spans go at once, and no more than may wait; fewer go after OTEL_BSP_SCHEDULE_DELAY.",
    ),
  ADMIN_PASSWORD: secret.describe("NATS password of the provisioner. Generated by npm start."),
  OPERATOR_PASSWORD: secret.describe(
    "NATS password of those who redrive or discard parked messages. Generated by npm start.",
  ),
  MONITOR_PASSWORD: secret.describe(
    "NATS password of the monitor, which may only look. Generated by npm start.",
  ),
  ORDERS_PASSWORD: secret.describe(
    "NATS password of the orders service; so for each service. Generated by npm start.",
  ),
  INVENTORY_PASSWORD: secret,
  PAYMENTS_PASSWORD: secret,
  RISK_PASSWORD: secret,
  SHIPPING_PASSWORD: secret,
  NOTIFICATIONS_PASSWORD: secret,
  ANALYTICS_PASSWORD: secret,
};

/** The environment variables by name, for tests and documents that compare themselves with them. */
export const variables = z.object(rows);

const safe = variables.superRefine(
  (
    { STREAM_MAX_AGE_HOURS, PARKED_MAX_AGE_HOURS, INBOX_MAX_AGE_HOURS, DUPLICATE_WINDOW_MS },
    { addIssue },
  ) => {
    const longest = STREAM_MAX_AGE_HOURS + PARKED_MAX_AGE_HOURS;
    if (INBOX_MAX_AGE_HOURS < longest) {
      const message =
        `must be ${longest} or more, STREAM_MAX_AGE_HOURS and PARKED_MAX_AGE_HOURS together: ` +
        "an event may come again for that long, and would be handled twice";
      addIssue({ code: "custom", path: ["INBOX_MAX_AGE_HOURS"], message });
    }
    const kept = STREAM_MAX_AGE_HOURS * 3_600_000;
    if (DUPLICATE_WINDOW_MS > kept) {
      const message = `must be ${kept} or less, as long as STREAM_MAX_AGE_HOURS=${STREAM_MAX_AGE_HOURS}: NATS refuses more`;
      addIssue({ code: "custom", path: ["DUPLICATE_WINDOW_MS"], message });
    }
  },
);

/** The checked configuration of this process. */
export type Config = z.infer<typeof variables>;

/** The environment does not make a configuration; the message says which variable is wrong, and how. */
export class ConfigError extends Error {
  override name = "ConfigError";
}

/** Reads the configuration from the environment; an empty variable counts as unset. Throws {@link ConfigError}. */
export function loadConfig(env: NodeJS.ProcessEnv = process.env): Config {
  const set = Object.fromEntries(Object.keys(rows).map((name) => [name, env[name] || undefined]));
  const { success, data, error } = safe.safeParse(set);
  if (success) return data;

  const faults = error.issues.map(({ path: [name], message }) => {
    const shown = String(name).endsWith("_PASSWORD") ? "(hidden)" : JSON.stringify(env[String(name)] ?? "");
    return `  ${String(name)}=${shown}: ${message}`;
  });
  throw new ConfigError(`the environment is not usable; change or unset\n${faults.join("\n")}`);
}

/** Where services find NATS. */
export function natsUrl({ NATS_URL, NATS_HOST, NATS_PORT }: Config): string {
  return NATS_URL ?? `nats://${NATS_HOST}:${NATS_PORT}`;
}

/** Where a service answers HTTP, for who is on the same machine, or in the same network of containers. */
export function serviceUrl(config: Config, service: string): string {
  const { HTTP_HOST, SERVICE_URL } = config;
  const isAnywhere = HTTP_HOST === "0.0.0.0" || HTTP_HOST === "::";
  const host = isAnywhere ? "127.0.0.1" : HTTP_HOST.includes(":") ? `[${HTTP_HOST}]` : HTTP_HOST;
  return (SERVICE_URL ?? `http://${host}:{port}`)
    .replaceAll("{service}", service)
    .replaceAll("{port}", `${own(config, service, "PORT")}`);
}

/** A service's own variable: `own(config, "payments", "PORT")` is `PAYMENTS_PORT`. Undefined if there is none. */
export function own(config: Config, service: string, suffix: "PORT"): number;
export function own(config: Config, service: string, suffix: "PASSWORD"): string | undefined;
export function own(
  config: Config,
  service: string,
  suffix: "PORT" | "PASSWORD",
): number | string | undefined {
  return config[variableOf(service, suffix)] as number | string | undefined;
}

/** The name of a service's own variable: `PAYMENTS_PORT`. */
export function variableOf(service: string, suffix: "PORT" | "PASSWORD"): keyof Config {
  return `${service.toUpperCase()}_${suffix}` as keyof Config;
}

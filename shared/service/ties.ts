// What ties a service's runtime to its link with NATS, in both directions.

import type { Database } from "better-sqlite3";
import type { Config } from "../config.ts";
import type { Link, LinkListener } from "../nats/link.ts";
import { saidSubjects } from "../nats/topology.ts";
import type { Log } from "../observability/log.ts";
import { expectLongMemory } from "./ages.ts";
import type { Agreement } from "./agreement.ts";
import { type AnyService, consumes } from "./define.ts";
import { type Lookout, saysAgainFor } from "./lost.ts";
import { expectMemory } from "./memory.ts";
import type { Publish } from "./outbox.ts";
import type { Retention } from "./pruner.ts";
import type { Runtime } from "./runtime.ts";
import { learnKept, UnknownSchemas } from "./unknown-schemas.ts";

const HOUR_MS = 3_600_000;

/** What a runtime needs of NATS. */
export function tiesTo(link: Link, config: Config, log: Log) {
  const publish: Publish = (rows, again) => link.publish(rows, again);
  const lookout: Lookout = {
    newestLike: (row) => link.newestLike(row),
    onLost: (rows) => log.error({ rows }, "NATS has lost facts that it had stored; saying them again"),
    saysAgainMs: saysAgainFor(config.STREAM_MAX_AGE_HOURS, config.INBOX_MAX_AGE_HOURS) * HOUR_MS,
  };
  const retention: Retention = {
    recordsMs: config.INBOX_MAX_AGE_HOURS * HOUR_MS,
    parkedMs: config.PARKED_MAX_AGE_HOURS * HOUR_MS,
    brokerTime: () => link.heardAt,
  };
  const unknownSchemas = new UnknownSchemas(
    (event, fingerprint) => link.findSchema(event, fingerprint),
    config.SCHEMA_WAIT_MS,
  );
  return { publish, lookout, parking: link.parking, retention, unknownSchemas };
}

/** What is tied together. */
export interface Tied {
  readonly service: AnyService;
  readonly config: Config;
  readonly log: Log;
  readonly db: Database;
  readonly link: Link;
  readonly agreement: Agreement;
  // biome-ignore lint/suspicious/noExplicitAny: see AnyService.
  readonly runtime: Runtime<any, any>;
}

/** Takes what NATS delivers, once what this process writes and remembers goes with what is there; see `Link.open`. */
export function listen({ service, config, log, db, link, agreement, runtime }: Tied): Promise<void> {
  let isSafe = false;
  const listener: LinkListener = {
    take: (delivery) => runtime.consumer.take(delivery),
    async agree(bucket) {
      await agreement.reach(bucket);
      if (!isSafe) {
        const recordsMs = config.INBOX_MAX_AGE_HOURS * HOUR_MS;
        await expectLongMemory(recordsMs, () => link.ages());
        await expectMemory(service.name, db, link.knownPast(saidSubjects([service]), Date.now() - recordsMs));
      }
      isSafe = true;
      runtime.watchDeadlines();
      await learnKept(consumes(service), bucket, log);
    },
    stillAgrees: (bucket) => agreement.holds(bucket),
    up() {
      runtime.outbox.retryNow();
      runtime.redriver?.doubt();
    },
    look() {
      runtime.outbox.look();
      runtime.redriver?.doubt();
    },
  };
  return link.open(listener, config.ACK_WAIT_MS);
}

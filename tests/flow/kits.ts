// Kits with a fault each, for a simulation to find.

import type { Assemble } from "../../shared/flow/simulate/setting.ts";
import type { Publish } from "../../shared/service/outbox.ts";
import { Runtime } from "../../shared/service/runtime.ts";

/** Each with what is said about it: any one of several sentences, for a fault shows in more than one way. */
export const faultyKits: Readonly<Record<string, readonly [RegExp, Assemble]>> = {
  "whose inbox forgets": [/2 times|has no answer|does not know|fails/, forgetting("inbox", "event_id")],
  "whose idempotency keys are forgotten": [
    /fails: UNIQUE|a second effect|refused at a repeat/,
    forgetting("replies", "key"),
  ],
  "that acks before it publishes": [
    /acks .* to which it led, is stored/,
    (service, parts) => {
      const runtime = new Runtime(service, parts);
      runtime.outbox.ackAfter = (_, delivery) => delivery.ack();
      return runtime;
    },
  ],
  "that skips rows of its outbox": [
    /is lost: the stream does not have it/,
    publishing((publish) => async (rows) => {
      await publish(rows.length > 1 ? rows.slice(1) : rows);
      return rows.length;
    }),
  ],
  "that takes no answer for a good one": [
    /is lost: the stream does not have it/,
    publishing((publish) => (rows) => publish(rows).catch(() => rows.length)),
  ],
  "that does not publish again": [
    /stuck|is lost/,
    publishing((publish) => (rows) => publish(rows).catch(() => new Promise(() => {}))),
  ],
  "that does not look whether the broker has lost something": [
    /is lost: the stream does not have it|has a cause that never was/,
    (service, parts) => new Runtime(service, { ...parts, lookout: undefined }),
  ],
  "whose database loses the last commit when it is killed": [
    /were ever said|has no answer|fails|is lost|of which it does not know|before what led to it|never comes to rest/,
    (service, parts) => {
      const runtime = new Runtime(service, parts);
      parts.db.exec("DELETE FROM outbox WHERE id = (SELECT max(id) FROM outbox)");
      return runtime;
    },
  ],
};

/** A table that forgets each row as soon as it is written. */
function forgetting(table: string, key: string): Assemble {
  return (service, parts) => {
    const runtime = new Runtime(service, parts);
    parts.db.exec(`CREATE TRIGGER IF NOT EXISTS forgets AFTER INSERT ON ${table}
      BEGIN DELETE FROM ${table} WHERE ${key} = new.${key}; END`);
    return runtime;
  };
}

function publishing(how: (publish: Publish) => Publish): Assemble {
  return (service, parts) => new Runtime(service, { ...parts, publish: how(parts.publish) });
}

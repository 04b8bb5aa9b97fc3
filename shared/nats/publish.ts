// Publishes outbox rows to the stream in order, as one atomic batch when that is cheaper.

import type { JetStreamClient } from "@nats-io/jetstream";
import { type NatsConnection, nuid } from "nats";
import { subjectOf } from "../contracts/events.ts";
import type { OutboxRow } from "../service/engine.ts";
import { toHeaders } from "./headers.ts";

/** With fewer rows than this, single publishes cost the server fewer fsyncs than a batch's staging. */
const BATCH_FROM = 8;

const TIMEOUT_MS = 5_000;

/**
 * Publishes `rows`, 1,000 of them at most, and returns how many of them, counted from the first, are
 * stored for certain. A row stored earlier counts as stored. Throws when not even the first one is.
 */
export async function publishRows(
  connection: NatsConnection,
  js: JetStreamClient,
  service: string,
  rows: readonly OutboxRow[],
): Promise<number> {
  if (rows.length >= BATCH_FROM && (await publishBatch(connection, service, rows))) return rows.length;
  return publishSingly(js, service, rows);
}

/**
 * All rows or none, with one fsync (ADR-50). False when the server refused, as it does when one row was stored
 * before: the caller then publishes singly, which tells the two apart.
 */
async function publishBatch(
  connection: NatsConnection,
  service: string,
  rows: readonly OutboxRow[],
): Promise<boolean> {
  const batchId = nuid.next();
  const headersOf = (index: number, commit?: object) =>
    toHeaders(rows[index]!, service, {
      "Nats-Batch-Id": [batchId],
      "Nats-Batch-Sequence": [`${index + 1}`],
      ...commit,
    });
  const last = rows.length - 1;
  for (let index = 0; index < last; index++) {
    const row = rows[index]!;
    connection.publish(subjectOf(row), row.payload, { headers: headersOf(index) });
  }
  const reply = await connection.request(subjectOf(rows[last]!), rows[last]!.payload, {
    headers: headersOf(last, { "Nats-Batch-Commit": ["1"] }),
    timeout: TIMEOUT_MS,
  });
  const ack = reply.json<{ count?: number; error?: object }>();
  return !ack.error && ack.count === rows.length;
}

async function publishSingly(
  js: JetStreamClient,
  service: string,
  rows: readonly OutboxRow[],
): Promise<number> {
  const acks = await Promise.allSettled(
    rows.map((row) =>
      js.publish(subjectOf(row), row.payload, { headers: toHeaders(row, service), timeout: TIMEOUT_MS }),
    ),
  );
  const failed = acks.findIndex(({ status }) => status === "rejected");
  if (failed === 0) throw (acks[0] as PromiseRejectedResult).reason;
  return failed === -1 ? rows.length : failed;
}

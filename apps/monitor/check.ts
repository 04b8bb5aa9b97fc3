// Checks a consumer's numbers against the stream itself: the messages that it says are still to be delivered are counted.

import type { NatsObserver } from "../../shared/nats/observer.ts";
import { FLOW_STREAM, filterSubjects } from "../../shared/nats/topology.ts";
import type { AnyService } from "../../shared/service/define.ts";
import { typeOf } from "./arrivals.ts";

/** What a consumer says, and what was counted. */
export interface Checked {
  readonly name: string;
  /** How many events the consumer says are not delivered yet. */
  readonly said: number;
  /** How many there were in the stream just before it said so, and just after. */
  readonly counted: readonly [before: number, after: number];
  readonly agrees: boolean;
}

const PAGE = 500;

/**
 * Counts what a consumer has before it; undefined when there is no consumer, or when more than `most` messages would have
 * to be read. Costs three requests, and one for each 500 messages; twice that where the numbers differ at first, since those of
 * a consumer follow the stream a moment later.
 */
export async function check(
  observer: NatsObserver,
  service: AnyService,
  most: number,
): Promise<Checked | undefined> {
  const checked = await counted(observer, service, most);
  return checked?.agrees === false ? counted(observer, service, most) : checked;
}

async function counted(
  observer: NatsObserver,
  service: AnyService,
  most: number,
): Promise<Checked | undefined> {
  const before = await observer.stream(FLOW_STREAM);
  const info = await observer.consumer(service.name);
  const after = await observer.stream(FLOW_STREAM);
  if (!info) return undefined;
  const from = Math.max(info.delivered.stream_seq + 1, after.firstSeq);
  if (after.lastSeq - from >= most) return undefined;
  const types = new Set(filterSubjects(service).map(typeOf));
  let early = 0;
  let all = 0;
  for (let seq = from; seq <= after.lastSeq; ) {
    const page = await observer.messages(FLOW_STREAM, seq, PAGE);
    const own = page.filter((message) => message.seq <= after.lastSeq && types.has(typeOf(message.subject)));
    all += own.length;
    early += own.filter((message) => message.seq <= before.lastSeq).length;
    seq = (page.at(-1)?.seq ?? after.lastSeq) + 1;
  }
  const said = info.num_pending;
  return { name: service.name, said, counted: [early, all], agrees: early <= said && said <= all };
}

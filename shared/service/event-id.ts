// The ids of facts, which follow from their cause: whatever is said again is known by its id.

import { hash } from "node:crypto";
import type { Event, FactType } from "../contracts/events.ts";

/** The same cause, service and index always give the same id; the key in front keeps an order's rows together. */
export function eventId(
  key: string,
  causeId: string,
  service: string,
  index: number,
  _type: FactType,
): string {
  return `${key}.${hash("sha1", `${causeId}|${service}|${index}`).slice(0, 16)}`;
}

/** The most facts that one decision may say. */
export const FACTS_AT_ONCE = 16;

/** Whether {@link eventId} makes this id for one of the facts that a service may say at once. */
export function isEventId(
  id: string,
  { type, key }: Pick<Event, "type" | "key">,
  causeId: string,
  service: string,
): boolean {
  const indexes = Array.from({ length: FACTS_AT_ONCE }, (_, index) => index);
  return indexes.some((index) => id === eventId(key, causeId, service, index, type));
}

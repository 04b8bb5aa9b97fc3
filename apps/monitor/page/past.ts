// How the flow has stood: what the monitor remembers, and every look since.

import { get, type History } from "./api.ts";
import { latest, type Snapshot } from "./live.ts";
import { Store } from "./value.ts";

const MOST = 900;

/** By column, oldest first. */
export const past = new Store<History>({ at: [], facts: [], lag: {} });

let isAsking = false;

/** Adds a look; where some are missing in between, the monitor is asked for them. */
latest.listen((snapshot) => {
  if (!snapshot?.nats.isConnected) return;
  const { at } = past.value;
  const last = at.at(-1);
  if (last === undefined || snapshot.at - last > 30_000) void ask();
  else if (snapshot.at > last) past.value = joined(past.value, row(snapshot));
});

async function ask(): Promise<void> {
  if (isAsking) return;
  isAsking = true;
  try {
    const told = await get<History>("/api/history");
    const last = past.value.at.at(-1) ?? 0;
    const from = told.at.findIndex((at) => at > last);
    if (from >= 0) past.value = joined(past.value, cut(told, from));
  } catch {
    // The next look asks again.
  } finally {
    isAsking = false;
  }
}

function row({ at, perSecond, consumers }: Snapshot): History {
  const facts = Object.values(perSecond).reduce((sum, one) => sum + one, 0);
  return {
    at: [at],
    facts: [facts],
    lag: Object.fromEntries(consumers.map(({ name, lag }) => [name, [lag]])),
  };
}

function cut({ at, facts, lag }: History, from: number): History {
  const lags = Object.entries(lag).map(([name, values]) => [name, values.slice(from)]);
  return { at: at.slice(from), facts: facts.slice(from), lag: Object.fromEntries(lags) };
}

function joined(before: History, more: History): History {
  const names = [...new Set([...Object.keys(before.lag), ...Object.keys(more.lag)])];
  const none = (columns: History) => columns.at.map(() => 0);
  const all = {
    at: [...before.at, ...more.at],
    facts: [...before.facts, ...more.facts],
    lag: Object.fromEntries(
      names.map((name) => [name, [...(before.lag[name] ?? none(before)), ...(more.lag[name] ?? none(more))]]),
    ),
  };
  return cut(all, Math.max(0, all.at.length - MOST));
}

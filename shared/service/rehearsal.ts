// What a service would do about one key: its own code, on a database in memory that holds only the past of that key. Nobody
// is called, and nothing of it stays.

import type { Database } from "better-sqlite3";
import type { Event, FactType } from "../contracts/events.ts";
import { openDatabase } from "./database.ts";
import type { AnyService, Reaction, Store } from "./define.ts";
import { Engine } from "./engine.ts";
import { Replay } from "./replay.ts";
import { openReplies } from "./replies.ts";

/** One thing that the service has heard, has said, or is still to hear. */
export type Past =
  | { readonly as: "heard" | "given up" | "open"; readonly event: Event }
  | { readonly as: "said"; readonly event: Event; readonly payload: Uint8Array };

/** What would come of an event that is still to be handled. */
export interface Foreseen {
  readonly event: Event;
  readonly does: "says" | "asks" | "nothing" | "fails";
  /** What the service's row for it may say; in a larger database than this one it may be any of these. */
  readonly says: readonly FactType[];
  /** The row, unless the service has none for it. */
  readonly reaction: Reaction<unknown, unknown> | undefined;
  /** When a call that is never answered is given up, in milliseconds since 1970, and what is said then. */
  readonly givesUp?: { readonly at: number; readonly says: readonly FactType[] };
}

/** A reaction that has heard some of the facts it needs, and not all. */
export interface Unmet {
  readonly missing: readonly FactType[];
  /** The conditions that do not hold yet. */
  readonly guards: readonly string[];
}

/** What a service has before it. */
export interface Ahead {
  readonly open: readonly Foreseen[];
  readonly waits: readonly {
    readonly deadline: string;
    readonly at: number;
    readonly says: readonly FactType[];
  }[];
  readonly unmet: readonly Unmet[];
}

const MOST_WAITS = 100;

/** The rehearsals of one service, one after the other. */
export class Rehearsal {
  readonly #service: AnyService;
  readonly #db: Database;
  readonly #engine: Engine<Store<unknown>>;
  readonly #said;

  constructor(service: AnyService) {
    this.#service = service;
    this.#db = openDatabase(":memory:");
    this.#engine = new Engine(service, this.#db);
    openReplies(this.#db);
    this.#said = this.#db.prepare("SELECT type FROM outbox WHERE causation_id = ? ORDER BY id").pluck();
  }

  /** Plays the past of a key in the order of the stream, and then what is still open. Throws what `record` throws. */
  play(past: readonly Past[]): Ahead {
    let ahead: Ahead = { open: [], waits: [], unmet: [] };
    this.#engine.transaction(() => {
      const replay = new Replay(this.#service, this.#db, { engine: this.#engine });
      for (const one of past) {
        if (one.as === "said") replay.said(one.event, one.payload);
        else if (one.as === "heard") replay.handled(one.event);
        else if (one.as === "given up") replay.gaveUp(one.event);
      }
      const open = past.filter(({ as }) => as === "open").map(({ event }) => this.#foresee(event));
      ahead = { open, waits: this.#waits(past), unmet: this.#unmet(past) };
      return false;
    });
    return ahead;
  }

  #foresee(event: Event): Foreseen {
    const reaction = this.#service.reactions.find(({ on }) => on.includes(event.type)) as
      | Reaction<unknown, unknown>
      | undefined;
    const foreseen = (does: Foreseen["does"], more: Partial<Foreseen> = {}): Foreseen => {
      const says = does === "says" || does === "asks" ? (reaction?.emits ?? []) : [];
      return { event, does, says, reaction, ...more };
    };
    try {
      const verdict = this.#engine.handle(event);
      if (verdict.outcome === "asks") return foreseen("asks", this.#givesUp(event, verdict.reaction));
      return foreseen(this.#said.all(event.id).length > 0 ? "says" : "nothing");
    } catch {
      return foreseen("fails");
    }
  }

  /** What is said if nobody ever answers; nothing of it stays. */
  #givesUp(event: Event, { giveUp }: Reaction<unknown, unknown>): Pick<Foreseen, "givesUp"> {
    if (!giveUp) return {};
    this.#db.exec("SAVEPOINT what_if");
    try {
      this.#engine.handle(event, { gaveUp: true });
      const says = this.#said.all(event.id) as FactType[];
      return says.length > 0 ? { givesUp: { at: event.time + giveUp.afterMs, says } } : {};
    } finally {
      this.#db.exec("ROLLBACK TO what_if; RELEASE what_if");
    }
  }

  #waits(past: readonly Past[]): Ahead["waits"] {
    const keys = new Set(past.map(({ event }) => event.key));
    return this.#service.deadlines.flatMap(({ name, open, emits }) =>
      open(this.#engine.store, MOST_WAITS)
        .filter(({ key }) => keys.has(key))
        .map(({ at }) => ({ deadline: name, at, says: emits })),
    );
  }

  /** The rows that wait for more than they have heard, and have said nothing yet. */
  #unmet(past: readonly Past[]): Unmet[] {
    const heard = past.filter(({ as }) => as === "heard" || as === "open").map(({ event }) => event);
    return this.#service.reactions.flatMap((row) => {
      const reaction = row as Reaction<unknown, unknown>;
      const own = heard.filter(({ type }) => reaction.on.includes(type));
      const last = own.at(-1);
      const missing = reaction.on.filter((type) => !own.some((event) => event.type === type));
      if (!last || missing.length === 0 || reaction.if.length === 0) return [];
      const state = this.#engine.store.load(last);
      const guards = reaction.if.filter((guard) => !guard(state)).map(({ name }) => name);
      if (guards.length === 0) return [];
      return [{ missing, guards }];
    });
  }
}

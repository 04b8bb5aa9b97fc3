// One service under exploration: its production code over real SQLite, stepped from any state that it was in before.

import type { Database, Statement } from "better-sqlite3";
import type { Event, FactType } from "../../contracts/events.ts";
import { openDatabase } from "../../service/database.ts";
import { type AnyService, consumes, type Reaction, type Store } from "../../service/define.ts";
import { Engine, type OutboxRow, type Performed } from "../../service/engine.ts";
import { eventId } from "../../service/event-id.ts";
import { factOf } from "../../service/fact.ts";
import type { Numbers } from "./numbers.ts";
import { type Act, type Knowledge, nameOf, type Row } from "./scenario.ts";
import { type Table, tablesOf } from "./tables.ts";

/** When a scenario begins, and when all the rest happens: milliseconds since 1970. */
export const START = Date.UTC(2026, 0, 5, 9);
export const NOW = START + 3_600_000;
/** When every deadline has passed. */
const LATER = NOW + 100 * 365 * 86_400_000;

/** A state of a service: its database, and what follows from it. */
export interface CellState {
  /** The text of each table. */
  readonly tables: readonly string[];
  /** What it has said, in order: numbers of events. */
  readonly said: readonly number[];
  /** The row of the last of them in the outbox; 0 if there is none. */
  readonly rowId: number;
  /** One number for all that it has said. */
  readonly saying: number;
  /** How many facts, from the first, the database knows to be stored in the stream. */
  readonly persisted: number;
  /** What it has heard, each as `type of key`. */
  readonly heard: ReadonlySet<string>;
  readonly waits: readonly { readonly deadline: string; readonly key: string; readonly at: number }[];
  /** The laws of one service that are broken in it. */
  readonly broken: readonly string[];
}

/** What came of one step. `to` is the state afterwards, the same where nothing was stored. */
export type Stepped =
  | { readonly kind: "done"; readonly to: number; readonly said: readonly number[] }
  | { readonly kind: "asks"; readonly reaction: Reaction<unknown, unknown>; readonly request: unknown }
  | { readonly kind: "refused"; readonly why: string }
  | { readonly kind: "fault"; readonly message: string };

/** What all cells of a check have in common. */
export interface CellParts {
  readonly events: Numbers<Event>;
  /** What led to the fact of each id, by the ids that facts have in production. */
  readonly ids: Map<string, string>;
  /** The laws of one service. */
  readonly own: (knowledge: Knowledge) => string[];
  /** Whether cells have no inbox to speak of. */
  readonly forgets?: boolean;
}

/** A service's states, each met once, and the steps between them. States are numbers; 0 is the empty database. */
export class Cell {
  readonly service: AnyService;
  readonly filter: ReadonlySet<FactType>;
  readonly states: CellState[] = [];
  readonly #parts: CellParts;
  readonly #db: Database;
  readonly #engine: Engine<Store<unknown>>;
  readonly #outbox: Statement;
  readonly #inbox: Statement;
  readonly #tables: readonly Table[];
  readonly #numbers = new Map<string, number>();
  readonly #sayings = new Map<string, number>();
  readonly #steps = new Map<string, Stepped>();
  readonly #rows = new Map<string, readonly Row[]>();
  #current: readonly string[];
  #clock = NOW;

  constructor(service: AnyService, parts: CellParts) {
    this.service = service;
    this.filter = new Set(consumes(service));
    this.#parts = parts;
    this.#db = openDatabase(":memory:");
    let count: { get(type: string, key: string): unknown } | undefined;
    const identify = (key: string, cause: string, by: string, index: number, type: FactType) => {
      expectOwnId(parts.ids, key, cause, by, index, type);
      count ??= this.#db.prepare("SELECT count(*) FROM outbox WHERE type = ? AND key = ?").pluck();
      return nameOf(key, type, count.get(type, key) as number);
    };
    this.#engine = new Engine(service, this.#db, () => this.#clock, identify);
    this.#outbox = this.#db.prepare("SELECT * FROM outbox ORDER BY id");
    this.#inbox = this.#db.prepare("SELECT event_id FROM inbox").pluck();
    this.#tables = tablesOf(this.#db);
    this.#current = this.#tables.map((table) => table.read());
    this.#number();
  }

  /**
   * Hears an event, with what was performed for it if that was asked for. With what is stored it is noted that the
   * first `sent` facts are published.
   */
  hear(from: number, sent: number, event: number, performed?: Performed): Stepped {
    const name = `${from} ${sent} ${event} ${performed ? JSON.stringify(performed) : ""}`;
    return this.#step(name, from, sent, () => {
      const heard = this.#parts.events.values[event]!;
      if (this.#parts.forgets) this.#db.prepare("DELETE FROM inbox WHERE event_id = ?").run(heard.id);
      const verdict = this.#engine.handle(heard, performed);
      if (verdict.outcome !== "asks") return verdict.outcome === "duplicate" ? undefined : "stored";
      this.#expectToAskAgain(heard, performed, verdict.request);
      return { kind: "asks", reaction: verdict.reaction, request: verdict.request };
    });
  }

  /** Nothing is kept of an event that waits for an answer: heard again, it asks for the same. */
  #expectToAskAgain(event: Event, performed: Performed | undefined, request: unknown): void {
    const again = this.#engine.handle(event, performed);
    if (again.outcome !== "asks") throw new Error(`it asks about ${event.id} once, and never again`);
    if (JSON.stringify(again.request) !== JSON.stringify(request))
      throw new Error(`it asks about ${event.id} again, and for something else`);
  }

  /** Carries out a command; `at` is what the clock shows. */
  command(from: number, sent: number, { command: name, key, input }: Act, at = NOW): Stepped {
    const command = this.service.commands.find((one) => one.name === name);
    if (!command) return { kind: "fault", message: `${this.service.name} has no command ${name}` };
    return this.#step(`${from} ${sent} ${at} ${name} ${JSON.stringify(input)}`, from, sent, () => {
      this.#clock = at;
      let isConcluded = false;
      const said = this.#engine.execute(command, input, { id: `${name} ${key}`, correlationId: key }, () => {
        isConcluded = true;
      });
      if ("refused" in said) return { kind: "refused", why: said.refused };
      if (!isConcluded) throw new Error(`the answer to ${name} is not kept`);
      return "stored";
    });
  }

  /** Lets every deadline strike that is open for `key`: none of them before its time, and all of them after it. */
  expire(from: number, sent: number, key: string): Stepped {
    const { waits } = this.states[from]!;
    return this.#step(`${from} ${sent} wait ${key}`, from, sent, () => {
      const faults: Error[] = [];
      const expire = (now: number) =>
        this.#engine.expire(
          now,
          (other) => other !== key,
          (error) => faults.push(error),
        );
      const soonest = Math.min(...waits.map(({ at }) => at));
      if (this.#engine.nextDeadline !== soonest)
        throw new Error("nobody looks at the deadline that comes next");
      const own = Math.min(...waits.filter((wait) => wait.key === key).map(({ at }) => at));
      if (expire(own - 1).length > 0) throw new Error(`a deadline of ${key} strikes before its time`);
      expire(LATER);
      if (faults[0]) throw faults[0];
      return "stored";
    });
  }

  /** The store, in a state. */
  store(state: number): Store<unknown> {
    this.#restore(state);
    return this.#engine.store;
  }

  /** The rows of a table in a state. Throws when there is no such table. */
  rows(state: number, name: string): readonly Row[] {
    const text = `${state} ${name}`;
    const known = this.#rows.get(text);
    if (known) return known;
    const table = this.#tables.find((one) => one.name === name);
    if (!table) throw new Error(`${this.service.name} has no table ${name}`);
    this.#restore(state);
    const rows = table.rows();
    this.#rows.set(text, rows);
    return rows;
  }

  close(): void {
    this.#db.close();
  }

  #step(name: string, from: number, sent: number, work: () => Stepped | "stored" | undefined): Stepped {
    const known = this.#steps.get(name);
    if (known) return known;
    this.#restore(from);
    this.#clock = NOW;
    const step = this.#carryOut(from, sent, work);
    this.#steps.set(name, step);
    return step;
  }

  #carryOut(from: number, sent: number, work: () => Stepped | "stored" | undefined): Stepped {
    const { said, persisted } = this.states[from]!;
    let result: Stepped | "stored" | undefined;
    try {
      this.#engine.transaction(() => {
        result = work();
        // As the runtime does: with what is stored it is noted how far the outbox is published.
        if (result === "stored" && sent !== persisted) this.#engine.publishedThrough = sent;
        return result === "stored";
      });
    } catch (error) {
      return { kind: "fault", message: (error as Error).message };
    }
    if (result !== "stored") return result ?? { kind: "done", to: from, said: [] };
    this.#current = this.#tables.map((table) => table.read());
    const to = this.#number();
    const news = this.states[to]!.said.slice(said.length);
    const odd = news
      .map((event) => this.#parts.events.values[event]!)
      .find(({ time }) => time !== this.#clock);
    if (odd) return { kind: "fault", message: `${odd.id} is said to be of another time` };
    if (news.length > 0 && this.#engine.lastRow !== this.states[to]!.rowId)
      return { kind: "fault", message: "it may be acknowledged before its facts are stored" };
    return { kind: "done", to, said: news };
  }

  #restore(state: number): void {
    const wanted = this.states[state]!.tables;
    this.#tables.forEach((table, index) => {
      if (wanted[index] !== this.#current[index]) table.write(wanted[index]!);
    });
    this.#current = wanted;
  }

  #number(): number {
    const text = this.#current.join("\n");
    const known = this.#numbers.get(text);
    if (known !== undefined) return known;
    const number = this.states.push(this.#describe()) - 1;
    this.#numbers.set(text, number);
    return number;
  }

  #describe(): CellState {
    const rows = this.#outbox.all() as OutboxRow[];
    const facts = rows.map((row) => factOf(row, this.service.name));
    const said = facts.map((event) => numberOf(this.#parts.events, event));
    const text = said.join();
    const saying = this.#sayings.get(text) ?? this.#sayings.size;
    this.#sayings.set(text, saying);
    const heard = new Set(this.#inbox.all() as string[]);
    const waits = this.service.deadlines.flatMap(({ name, open }) =>
      open(this.#engine.store, 100).map(({ key, at }) => ({ deadline: name, key, at })),
    );
    const broken = this.#parts.own({
      service: this.service.name,
      said: facts,
      heard,
      waits: waits.map(({ key }) => key),
      rows: (name) => this.#tables.find((table) => table.name === name)!.rows(),
      store: this.#engine.store,
    });
    const persisted = this.#engine.publishedThrough;
    const rowId = rows.at(-1)?.id ?? 0;
    return { tables: this.#current, said, rowId, saying, persisted, heard, waits, broken };
  }
}

/** In one story the gateway declines, in another the deadline does, both by one id: data and time tell them apart. */
export function numberOf(events: Numbers<Event>, event: Event): number {
  return events.of(`${event.id} ${event.time} ${JSON.stringify(event.data)}`, () => event);
}

/** Throws unless the id in production is this fact's own, and the same when the same leads to it again. */
function expectOwnId(ids: Map<string, string>, ...origin: Parameters<typeof eventId>): void {
  const [, cause, by, index] = origin;
  const id = eventId(...origin);
  const from = `${by} on ${cause}, no. ${index}`;
  const known = ids.get(id) ?? from;
  if (known !== from) throw new Error(`one id stands for what ${from} says and for what ${known} says`);
  if (eventId(...origin) !== id) throw new Error(`what ${from} says has another id at a repeat`);
  ids.set(id, from);
}

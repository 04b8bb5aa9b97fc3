// One service under exploration: its production code over real SQLite, stepped from any state that it was in before.

import type { Database } from "better-sqlite3";
import { decode, type Event, type FactType } from "../../contracts/events.ts";
import { openDatabase } from "../../service/database.ts";
import { type AnyService, consumes, type Reaction, type Store } from "../../service/define.ts";
import { Engine, type Performed } from "../../service/engine.ts";
import { nameOf, type Row } from "./scenario.ts";
import { type Table, tablesOf } from "./tables.ts";

/** When everything in a check happens, and when every deadline has passed: milliseconds since 1970. */
export const NOW = Date.UTC(2026, 0, 5, 9);
export const LATER = NOW + 100 * 365 * 86_400_000;

/** A state of a service: its database, and what follows from it. */
export interface CellState {
  /** The text of each table. */
  readonly tables: readonly string[];
  readonly outbox: readonly Event[];
  /** How many facts, from the first, the database knows to be stored in the stream. */
  readonly persisted: number;
  readonly heard: ReadonlySet<string>;
  readonly waits: readonly { readonly deadline: string; readonly key: string; readonly at: number }[];
}

/** What came of one step. Where nothing was stored there is no `to`. */
export type Stepped =
  | { readonly kind: "done"; readonly to: number; readonly said: readonly Event[] }
  | { readonly kind: "asks"; readonly reaction: Reaction<unknown, unknown>; readonly request: unknown }
  | { readonly kind: "refused"; readonly why: string }
  | { readonly kind: "fault"; readonly message: string };

/** A service's states, each met once, and the steps between them. States are numbers; 0 is the empty database. */
export class Cell {
  readonly service: AnyService;
  readonly filter: ReadonlySet<FactType>;
  readonly states: CellState[] = [];
  readonly #db: Database;
  readonly #engine: Engine<Store<unknown>>;
  readonly #tables: readonly Table[];
  readonly #numbers = new Map<string, number>();
  #current: readonly string[];

  constructor(service: AnyService) {
    this.service = service;
    this.filter = new Set(consumes(service));
    this.#db = openDatabase(":memory:");
    let count: { get(type: string, key: string): unknown } | undefined;
    const identify = (key: string, _cause: string, _by: string, _index: number, type: FactType) => {
      count ??= this.#db.prepare("SELECT count(*) FROM outbox WHERE type = ? AND key = ?").pluck();
      return nameOf(key, type, count.get(type, key) as number);
    };
    this.#engine = new Engine(service, this.#db, () => NOW, identify);
    this.#tables = tablesOf(this.#db);
    this.#current = this.#tables.map((table) => table.read());
    this.#number();
  }

  /** Hears an event, with what was performed for it if that was asked for; `sent` facts are known to be stored. */
  hear(from: number, sent: number, event: Event, performed?: Performed): Stepped {
    return this.#step(from, sent, () => {
      const verdict = this.#engine.handle(event, performed);
      if (verdict.outcome === "asks")
        return { kind: "asks", reaction: verdict.reaction, request: verdict.request };
      return verdict.outcome === "duplicate" ? undefined : "stored";
    });
  }

  /** Carries out a command. */
  command(from: number, sent: number, name: string, key: string, input: object): Stepped {
    const command = this.service.commands.find((one) => one.name === name)!;
    return this.#step(from, sent, () => {
      const said = this.#engine.execute(command, input, { id: `${name} ${key}`, correlationId: key });
      return "refused" in said ? { kind: "refused", why: said.refused } : "stored";
    });
  }

  /** Lets every deadline strike that is open for `key`. */
  expire(from: number, sent: number, key: string): Stepped {
    let fault: Error | undefined;
    return this.#step(from, sent, () => {
      this.#engine.expire(
        LATER,
        (other) => other !== key,
        (error) => {
          fault = error;
        },
      );
      if (fault) throw fault;
      return "stored";
    });
  }

  close(): void {
    this.#db.close();
  }

  /** The rows of a table in a state. */
  rows(state: number, table: string): readonly Row[] {
    const index = this.#tables.findIndex(({ name }) => name === table);
    this.#restore(state);
    return this.#tables[index]!.rows();
  }

  #step(from: number, sent: number, work: () => Stepped | "stored" | undefined): Stepped {
    this.#restore(from);
    const { outbox, persisted } = this.states[from]!;
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
    return { kind: "done", to, said: this.states[to]!.outbox.slice(outbox.length) };
  }

  #restore(state: number): void {
    const wanted = this.states[state]!.tables;
    this.#tables.forEach((table, index) => {
      if (wanted[index] !== this.#current[index]) table.write(wanted[index]!);
    });
    this.#current = wanted;
  }

  #number(): number {
    const key = this.#current.join("\n");
    const known = this.#numbers.get(key);
    if (known !== undefined) return known;
    const number = this.states.push(this.#describe()) - 1;
    this.#numbers.set(key, number);
    return number;
  }

  #describe(): CellState {
    const outbox = this.#engine.outboxAfter(0).map(
      (row) =>
        ({
          ...decode(row.type, row.payload),
          id: row.event_id,
          source: this.service.name,
          key: row.key,
          time: row.time,
          causationId: row.causation_id,
          correlationId: row.correlation_id,
        }) as Event,
    );
    const inbox = this.#db.prepare("SELECT event_id FROM inbox").pluck().all() as string[];
    const waits = this.service.deadlines.flatMap(({ name, open }) =>
      open(this.#engine.store, 100).map(({ key, at }) => ({ deadline: name, key, at })),
    );
    const persisted = this.#engine.publishedThrough;
    return { tables: this.#current, outbox, persisted, heard: new Set(inbox), waits };
  }
}

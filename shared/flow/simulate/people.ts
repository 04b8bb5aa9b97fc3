// People in a simulation: they ask, hear nothing, ask again, and insist.

import { isDatabaseFault } from "../../service/database.ts";
import { asked, causeOf } from "../../service/replies.ts";
import type { Act } from "../check/scenario.ts";
import type { AnyRuntime, Planned, Setting } from "./setting.ts";
import type { Station } from "./station.ts";

/** How long somebody waits for an answer, and then until the next try. */
const PATIENCE_MS = 10_000;
const AGAIN_MS = [100, 5_000] as const;
const INSISTS_MS = [1_000, 60_000] as const;

/** One thing that somebody wants done, however often they have to ask. */
interface Wish extends Act {
  readonly idempotency: { readonly key: string; readonly request: string };
  /** The cause of the facts that it leads to, as the kit names it. */
  readonly cause: string;
  insists: number;
  answer?: Latest;
}

/** Everybody who gives commands. */
export class People {
  /** The causes of all facts that commands led to. */
  readonly causes = new Set<string>();
  /** Those of them that were answered, and led to a fact. */
  readonly answered = new Set<string>();
  readonly #stations: ReadonlyMap<string, Station>;
  readonly #setting: Setting;
  #count = 0;

  constructor(stations: ReadonlyMap<string, Station>, setting: Setting) {
    this.#stations = stations;
    this.#setting = setting;
  }

  /** Has it done when its time has come. */
  plan({ inMs = 0, insists = 0, ...act }: Act & Partial<Planned>): void {
    const idempotency = { key: `${++this.#count}`, request: JSON.stringify(act.input) };
    const cause = causeOf(asked(act.command, idempotency.key, idempotency.request));
    const wish = { ...act, idempotency, cause, insists };
    this.causes.add(cause);
    this.#later(wish, inMs);
  }

  #later(wish: Wish, inMs: number): void {
    this.#setting.scheduler.errand(inMs, () => this.#ask(wish));
  }

  #ask(wish: Wish): void {
    const { scheduler, chance, trace, broken, faults } = this.#setting;
    const station = this.#stations.get(wish.service)!;
    const { runtime, service } = station;
    trace.tell(`${wish.who} ${wish.does}${runtime ? "" : `, and ${wish.service} is down`}`, wish.key);
    if (!runtime) {
      this.#later(wish, chance.spread(...AGAIN_MS));
      return;
    }

    const impatience = scheduler.errand(PATIENCE_MS, () => this.#ask(wish));
    const command = service.commands.find(({ name }) => name === wish.command)!;
    const answering = { ...command, answer: () => latest(runtime) };
    runtime.submit(answering, wish).then(
      (result) => {
        impatience.cancel();
        trace.count(`commands ${result.outcome}`);
        if (result.outcome === "mismatch")
          broken.push(`${wish.service} takes a repeat of ${wish.does} for something else`);
        if (result.outcome === "refused") {
          if (wish.answer) broken.push(`${wish.who} ${wish.does}: it was done, and is refused at a repeat`);
          if (wish.insists-- > 0) this.#later(wish, chance.spread(...INSISTS_MS));
        }
        if (result.outcome === "done") {
          this.#compare(wish, result.answer);
          if (!chance.is(faults.repeatedCommand)) return;
          trace.count("repeated commands");
          this.#later(wish, chance.spread(...AGAIN_MS));
        }
      },
      (error) => {
        trace.tell(`${wish.service} fails: ${error.message}`, wish.key);
        if (!isDatabaseFault(error))
          broken.push(`${wish.who} ${wish.does}: ${wish.service} fails: ${error.message}`);
      },
    );
  }

  #compare(wish: Wish, answer: Latest): void {
    if (wish.answer && wish.answer.row !== answer.row)
      this.#setting.broken.push(`${wish.who} ${wish.does}: a repeat has a second effect`);
    wish.answer = answer;
    if (answer.cause === wish.cause) this.answered.add(wish.cause);
  }
}

/** The newest fact of a service: its answer to a command, so that it is seen whether a repeat says more. */
interface Latest {
  readonly row: number;
  readonly cause: string | null;
}

function latest({ engine }: AnyRuntime): Latest {
  const cause = engine.outboxAfter(engine.lastRow - 1)[0]?.causation_id ?? null;
  return { row: engine.lastRow, cause };
}

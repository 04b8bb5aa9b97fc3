// Calls to the outside: a turn for each, a time limit, repeats in place, and a breaker for when nobody answers.

import type { Event } from "../contracts/events.ts";
import type { Log } from "../observability/log.ts";
import { Breaker } from "./breaker.ts";
import type { Clock, Timer } from "./clock.ts";
import { RETRY, type Reaction, type Retry } from "./define.ts";
import { AbandonedError, type Lanes } from "./lanes.ts";
import type { Observer } from "./observer.ts";

/** Thrown by a call to the outside that would fail the same way every time: the message is parked. */
export class PermanentFault extends Error {
  override name = "PermanentFault";
}

/** How a call ended. `paused` means that it was not made, since nobody outside answers. */
export type CallEnd =
  | { readonly kind: "answered"; readonly outcome: unknown }
  | { readonly kind: "failed"; readonly tries: number; readonly error: Error }
  | { readonly kind: "paused"; readonly inMs: number; readonly error: Error };

/** A time in which nobody is called. */
export interface Pause {
  readonly until: number;
  readonly cause: string;
}

const CALL_TIMEOUT_MS = 15_000;
/** One for all: in an outage it is the end of thousands, and a stack says nothing. */
const PAUSED = new Error("calls are paused");
/** For how many different keys calls have to fail, one after the other, before all are paused. */
const BREAKER_OPENS_AFTER = 8;

/** What calls are made with. */
export interface CallsParts<Port> {
  readonly port: Port;
  readonly lanes: Lanes<unknown>;
  readonly log: Log;
  readonly clock: Clock;
  readonly observer: Observer | undefined;
}

/** The calls of one service, which all go to the same outside. */
export class Calls<Port> {
  readonly #parts: CallsParts<Port>;
  readonly #breaker: Breaker;
  #stopping = false;
  #lastFault: string | undefined;

  constructor(parts: CallsParts<Port>) {
    this.#parts = parts;
    this.#breaker = new Breaker(BREAKER_OPENS_AFTER, parts.clock);
  }

  /** Since nobody outside answers: until when calls are paused, in milliseconds since 1970, and why the last one failed. */
  get pause(): Pause | undefined {
    if (!this.#breaker.isOpen) return undefined;
    return { until: this.#breaker.until, cause: this.#lastFault ?? "unknown" };
  }

  /** Repeats nothing in place any more. */
  stop(): void {
    this.#stopping = true;
  }

  /** Calls for an event, whose lane has to be held, and repeats it in place as the reaction says. Never rejects. */
  async make(reaction: Reaction<unknown, unknown>, event: Event, request: unknown): Promise<CallEnd> {
    const { retry = RETRY } = reaction;
    const { clock, observer } = this.#parts;
    for (let tries = 0; ; ) {
      const isProbe = this.#breaker.isOpen;
      const pausedMs = this.#breaker.admit();
      if (pausedMs > 0) {
        observer?.paused?.(event);
        return { kind: "paused", inMs: pausedMs, error: PAUSED };
      }
      try {
        return { kind: "answered", outcome: await this.#call(reaction, event, request, isProbe) };
      } catch (error) {
        // The outage goes on, which is nobody's fault in particular.
        if (isProbe && this.#breaker.isOpen)
          return { kind: "paused", inMs: this.#breaker.pauseMs, error: error as Error };
        if (error instanceof AbandonedError) return { kind: "paused", inMs: 0, error };
        tries++;
        const isFinal = error instanceof PermanentFault || tries > retry.inPlace || this.#stopping;
        if (isFinal || this.#breaker.isOpen) return { kind: "failed", tries, error: error as Error };
        await new Promise<void>((resolve) => {
          clock.after(retryDelay(tries, retry, clock), resolve);
        });
      }
    }
  }

  async #call(
    reaction: Reaction<unknown, unknown>,
    event: Event,
    request: unknown,
    isProbe: boolean,
  ): Promise<unknown> {
    const { port, lanes, log } = this.#parts;
    try {
      const call = (signal: AbortSignal) => reaction.call!(port, request, signal);
      const outcome = await lanes.call(() => this.#observed(event, call));
      this.#answered();
      return outcome;
    } catch (error) {
      if (error instanceof PermanentFault) this.#answered();
      else if (!(error instanceof AbandonedError)) {
        const cause = (error as Error).message;
        this.#lastFault = cause;
        const pausedMs = this.#breaker.failed(event.key, isProbe);
        if (pausedMs) log.warn({ cause, pausedMs }, "nobody outside answers; calls are paused");
      }
      throw error;
    }
  }

  #observed(event: Event, call: (signal: AbortSignal) => Promise<unknown>): Promise<unknown> {
    const { clock, observer } = this.#parts;
    const ended = observer?.calling?.(event);
    const answer = withTimeout(call, CALL_TIMEOUT_MS, clock);
    if (ended) answer.then(() => ended(), ended);
    return answer;
  }

  #answered(): void {
    if (this.#breaker.succeeded()) this.#parts.log.info("calls are answered again");
  }
}

/** How long to wait before the next try, in milliseconds: exponential, capped, with jitter. */
export function retryDelay(times: number, { fromMs, upToMs }: Retry, clock: Clock): number {
  return Math.round(Math.min(fromMs * 2 ** (times - 1), upToMs) * (0.5 + clock.random() / 2));
}

async function withTimeout<Outcome>(
  call: (signal: AbortSignal) => Promise<Outcome>,
  milliseconds: number,
  clock: Clock,
): Promise<Outcome> {
  const abort = new AbortController();
  let timer: Timer | undefined;
  const timeout = new Promise<never>((_, reject) => {
    timer = clock.after(milliseconds, () => {
      const error = new Error(`no answer within ${milliseconds} ms`);
      reject(error);
      abort.abort(error);
    });
  });
  try {
    return await Promise.race([call(abort.signal), timeout]);
  } finally {
    timer?.cancel();
  }
}

// Asks the monitor, and asks again whenever it has looked.

import { useRef, useState } from "hono/jsx/dom";
import type { z } from "zod";
import type * as shapes from "../schemas.ts";
import { useEffect } from "./effect.ts";
import { latest } from "./live.ts";

export type FlowMap = z.infer<typeof shapes.flowMap>;
export type Drawings = z.infer<typeof shapes.drawings>;
export type Troubles = z.infer<typeof shapes.troubles>;
export type History = z.infer<typeof shapes.history>;
export type Orders = z.infer<typeof shapes.orders>;
export type Story = z.infer<typeof shapes.story>;
export type Answer = z.infer<typeof shapes.answer>;
export type Parked = z.infer<typeof shapes.parked>;
export type ParkedEntry = Parked["entries"][number];
export type Became = z.infer<typeof shapes.became>;
export type Reviews = z.infer<typeof shapes.reviews>;
export type KeptSchemas = z.infer<typeof shapes.keptSchemas>;

/** A refusal, in the monitor's words. */
export class Refused extends Error {
  readonly status: number;

  constructor(status: number, detail: string) {
    super(detail);
    this.status = status;
  }
}

/** What was answered so far, and why there was no answer the last time. */
export interface Asked<Body> {
  readonly body: Body | undefined;
  readonly refused: Refused | undefined;
  /** Asks at once. */
  again(): void;
}

/** Whoever does not answer within this is taken for silent. */
const PATIENCE_MS = 15_000;
/** So often is asked again what is asked only once, as long as there was no answer. */
const AGAIN_MS = 2_000;

/**
 * Asks a path, and again at most every `everyMs` milliseconds as long as the monitor has news; with 0 only until there is an
 * answer. What was answered for another path is forgotten; what was answered before for this one is kept until there is a new
 * answer.
 */
export function useAnswer<Body>(path: string, everyMs: number): Asked<Body> {
  const [state, setState] = useState<{
    path: string;
    body?: Body | undefined;
    refused?: Refused | undefined;
  }>({
    path,
  });
  const ask = useRef(() => {});

  useEffect(() => {
    const leaving = new AbortController();
    let isAsking = false;
    let askedAt = 0;
    let kept: Body | undefined;
    ask.current = async () => {
      if (isAsking) return;
      isAsking = true;
      askedAt = Date.now();
      try {
        kept = await get<Body>(path, AbortSignal.any([leaving.signal, AbortSignal.timeout(PATIENCE_MS)]));
        setState({ path, body: kept });
      } catch (error) {
        if (!leaving.signal.aborted) setState({ path, body: kept, refused: asRefused(error) });
      } finally {
        isAsking = false;
      }
    };
    ask.current();
    const stop = latest.listen(() => {
      const isDue = Date.now() - askedAt >= (everyMs || AGAIN_MS);
      if (isDue && (everyMs > 0 || kept === undefined)) ask.current();
    });
    return () => {
      stop();
      leaving.abort();
    };
  }, [path, everyMs]);

  const isOfPath = state.path === path;
  return {
    body: isOfPath ? state.body : undefined,
    refused: isOfPath ? state.refused : undefined,
    again: () => ask.current(),
  };
}

/** Asks the monitor. Rejects with {@link Refused}. */
export async function get<Body>(path: string, signal?: AbortSignal): Promise<Body> {
  return answerOf(await fetch(path, { signal: signal ?? null }));
}

/** Has the monitor do something. Rejects with {@link Refused}. */
export async function post<Body>(path: string, body: unknown): Promise<Body> {
  const headers = { "content-type": "application/json" };
  return answerOf(await fetch(path, { method: "POST", headers, body: JSON.stringify(body) }));
}

async function answerOf<Body>(response: Response): Promise<Body> {
  const body = await response.json().catch(() => ({}));
  if (response.ok) return body as Body;
  const faults = (body.errors ?? []).map(({ detail }: { detail: string }) => detail).join(" ");
  throw new Refused(response.status, faults || (body.detail ?? `The monitor answers ${response.status}.`));
}

/** What to show of any failure. */
export function asRefused(error: unknown): Refused {
  return error instanceof Refused ? error : new Refused(0, "The monitor does not answer.");
}

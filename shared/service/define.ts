// What a service is: a name, a table of reactions, the commands it takes, and its store.

import type { Database } from "better-sqlite3";
import type { Event, Fact, FactType } from "../contracts/events.ts";

/**
 * A service, as data: streams, consumers, permissions and pictures are derived from it.
 * `State` is what its decisions see, `Port` the outside world that its reactions call.
 */
export interface Service<State, Port, ServiceStore extends Store<State>> {
  readonly name: string;
  readonly reactions: readonly Reaction<State, Port>[];
  readonly commands: readonly AnyCommand[];
  readonly deadlines: readonly AnyDeadline[];
  /** Facts of its own that nobody has to react to: an order may end with them. */
  readonly terminal: readonly FactType[];
  /** SQL that creates the store's tables if they are missing. */
  readonly tables: string;
  readonly store: (db: Database) => ServiceStore;
}

/** A service whose inner types do not matter: enough for everything that only reads the table. */
// biome-ignore lint/suspicious/noExplicitAny: the types of a service's parts do not concern its readers.
export type AnyService = Service<any, any, any>;

/** A service's tables: what its decisions see of them, and the only way to write them. */
export interface Store<State> {
  /** What is known that concerns the event, the event itself included. */
  load(event: Event): State;
  /**
   * Takes note of an event that was consumed or of a fact of the service's own. Called once for each: for its own facts
   * in the order in which it said them, for others in any order, even before the fact of its own that led to them. Nothing
   * else writes the tables, so that they can be rebuilt from the stream.
   */
  record(event: Event): void;
  /** What there is to see in the tables, and of long lists the `top`: for a service that only observes. */
  summary?(top: number): unknown;
}

/** One row of the table: on these facts, this is decided, and nothing else can be said. */
export interface Reaction<State, Port> {
  readonly on: readonly FactType[];
  readonly emits: readonly FactType[];
  /** Named functions that all have to hold, or there is nothing to decide. Each must be needed: the flow check proves it. */
  readonly if: readonly Guard<State>[];
  /** What to ask of the outside world before deciding; undefined when there is nothing to ask. */
  readonly request?: (state: State, event: Event) => unknown;
  /** Asks it. A rejection means "try again later": a refusal is an outcome. */
  readonly call?: (port: Port, request: unknown, signal: AbortSignal) => Promise<unknown>;
  readonly decide?: (state: State, event: Event, outcome: unknown) => readonly Fact[];
  readonly giveUp?: GiveUp<State, Event>;
  /** How a call is repeated that fails for now; as {@link RETRY} says unless given. */
  readonly retry?: Retry;
  /** The most times that it may answer for one key. Where facts go round in a circle, one reaction must have it. */
  readonly atMost?: number;
}

/**
 * How a call is repeated that fails for now. What is answered, and what would fail the same way every time, is not
 * repeated; while nobody at all is answered, calls are paused, and that does not count.
 */
export interface Retry {
  /** Repeats in place, before the message is handed back to be delivered again later. */
  readonly inPlace: number;
  /** The wait before the first repeat, in milliseconds; each one is twice as long, but for some jitter. */
  readonly fromMs: number;
  /** The longest wait, in milliseconds: {@link LONGEST_RETRY_MS} at most. */
  readonly upToMs: number;
  /** The most tries, in all processes: then the message is parked. Until it gives up, a reaction goes on all the same. */
  readonly tries: number;
}

/** How a call is repeated whose reaction says nothing else: for half an hour, more if each try takes long. */
export const RETRY: Retry = { inPlace: 1, fromMs: 200, upToMs: 30_000, tries: 160 };

/** The most that `upToMs` may be, in milliseconds: a rebuild waits that long for what was handed back to be delivered again. */
export const LONGEST_RETRY_MS = 60_000;

/** A condition of a reaction, on what the service knows; its name is shown in the table of the flow. */
export type Guard<State> = (state: State) => boolean;

/** The deadline of a call that is never answered. */
export interface GiveUp<State, E, Out extends FactType = FactType> {
  /**
   * How long the call is repeated, in milliseconds from the time of the event. It is tried at least once, unless calls
   * are paused by then since nobody outside answers.
   */
  readonly afterMs: number;
  /** What is said instead of an answer; undefined to go on asking. What was asked for may have happened all the same. */
  readonly decide: (state: State, event: E) => readonly Declared<NoInfer<Out>>[] | undefined;
}

/** A reaction that decides on what the service knows. */
export function when<State, const On extends OneOrMore<FactType>, Out extends FactType>(reaction: {
  on: On;
  if?: readonly Guard<NoInfer<State>>[];
  decide: (state: State, event: Event<Each<On>>) => readonly Declared<NoInfer<Out>>[];
  emits: readonly Out[];
  atMost?: number;
}): Reaction<State, unknown> {
  return { if: [], ...reaction, on: list(reaction.on) } as unknown as Reaction<State, unknown>;
}

/**
 * A reaction that calls the outside world before it decides. The message stays unacknowledged until the answer is
 * there; after a crash the call is made again, so a request must carry a key by which a repeat is known.
 */
export function perform<
  State,
  Port,
  const On extends OneOrMore<FactType>,
  Request,
  Outcome,
  Out extends FactType = never,
>(reaction: {
  on: On;
  if?: readonly Guard<NoInfer<State>>[];
  request: (state: State, event: Event<Each<On>>) => Request | undefined;
  call: (port: Port, request: NoInfer<Request>, signal: AbortSignal) => Promise<Outcome>;
  decide?: (
    state: State,
    event: Event<Each<On>>,
    outcome?: NoInfer<Outcome>,
  ) => readonly Declared<NoInfer<Out>>[];
  emits?: readonly Out[];
  giveUp?: GiveUp<NoInfer<State>, Event<Each<On>>, Out>;
  retry?: Partial<Retry>;
  atMost?: number;
}): Reaction<State, Port> {
  const retry: Retry = { ...RETRY, ...reaction.retry };
  return { emits: [], if: [], ...reaction, retry, on: list(reaction.on) } as unknown as Reaction<State, Port>;
}

/** A fact of one of the types that a row declares; not `Fact<Out>`, whose index would let every fact through. */
type Declared<Out extends FactType> = Fact & { readonly type: Out };

type OneOrMore<T> = T | readonly T[];
type Each<T> = T extends readonly (infer One extends FactType)[] ? One : Extract<T, FactType>;

function list(types: OneOrMore<FactType>): readonly FactType[] {
  return typeof types === "string" ? [types] : types;
}

/** Facts that a service only takes note of. */
export function observe(...on: FactType[]): Reaction<unknown, unknown> {
  return { on, emits: [], if: [] };
}

/**
 * A wait that ends by itself. The time is kept in the service's store, where `record` put it from a fact that carries
 * it: so it survives a restart, and a database that is rebuilt from the stream.
 */
export interface Deadline<ServiceStore, State, Out extends FactType = FactType> {
  readonly name: string;
  readonly emits: readonly Out[];
  /** The waits that are open, soonest first, `limit` at most. What the deadline decides must end the wait: to decide nothing is a fault. */
  readonly open: (store: ServiceStore, limit: number) => readonly Wait[];
  readonly load: (store: ServiceStore, key: string) => State;
  readonly decide: (state: State, key: string) => readonly Declared<NoInfer<Out>>[];
}

/** One wait: what it is about, and when it ends, in milliseconds since 1970. */
export interface Wait {
  readonly key: string;
  readonly at: number;
}

// biome-ignore lint/suspicious/noExplicitAny: see AnyService.
type AnyDeadline = Deadline<any, any>;

/** Declares a deadline; see {@link Deadline}. */
export function deadline<ServiceStore, State, Out extends FactType>(
  definition: Deadline<ServiceStore, State, Out>,
): Deadline<ServiceStore, State, Out> {
  return definition;
}

/** What a person or another system asks of a service over HTTP: decided like an event, and answered at once. */
export interface Command<ServiceStore, State, Input, Out extends FactType = FactType, Answer = unknown> {
  readonly name: string;
  readonly emits: readonly Out[];
  readonly load: (store: ServiceStore, input: Input) => State;
  readonly decide: (state: State, input: Input) => readonly Declared<NoInfer<Out>>[] | Refusal;
  /** What is answered, going by what was said about the key: so that a repeat is answered by a rebuilt database as well. */
  readonly answer?: (store: ServiceStore, key: string, said: readonly Fact[]) => Answer;
}

// biome-ignore lint/suspicious/noExplicitAny: see AnyService.
type AnyCommand = Command<any, any, any, any>;

/** Why a command was not carried out: nothing was stored. */
export interface Refusal {
  readonly refused: string;
}

/** Declares a command; see {@link Command}. */
export function command<ServiceStore, State, Input, Out extends FactType, Answer>(
  definition: Command<ServiceStore, State, Input, Out, Answer>,
): Command<ServiceStore, State, Input, Out, Answer> {
  return definition;
}

/**
 * Declares a service. Throws when two reactions answer the same fact, since each fact has one row in the table, and when a
 * call would be put off for longer than {@link LONGEST_RETRY_MS}.
 */
export function defineService<State, Port, ServiceStore extends Store<State>>(definition: {
  name: string;
  reactions: readonly Reaction<State, Port>[];
  commands?: readonly AnyCommand[];
  deadlines?: readonly AnyDeadline[];
  terminal?: readonly FactType[];
  tables: string;
  store: (db: Database) => ServiceStore;
}): Service<State, Port, ServiceStore> {
  const consumed = definition.reactions.flatMap(({ on }) => on);
  const twice = consumed.find((type, index) => consumed.indexOf(type) !== index);
  if (twice) throw new Error(`${definition.name} reacts to ${twice} in two rows of its table: make it one`);
  const slow = definition.reactions.find(({ retry }) => retry && !(retry.upToMs <= LONGEST_RETRY_MS));
  if (slow) {
    const asked = `${definition.name} may wait ${slow.retry?.upToMs} ms to repeat its call on ${slow.on.join(", ")}`;
    throw new Error(`${asked}: retry.upToMs must be ${LONGEST_RETRY_MS} at most`);
  }
  return { commands: [], deadlines: [], terminal: [], ...definition };
}

/** The facts a service consumes: its consumer's filter. */
export function consumes({ reactions }: AnyService): FactType[] {
  return reactions.flatMap(({ on }) => on).sort();
}

/** The facts a service may say, whether on a fact, on a command or at a deadline. */
export function emits({ reactions, commands, deadlines }: AnyService): FactType[] {
  return [
    ...new Set([...reactions, ...commands, ...deadlines].flatMap((row) => row.emits as readonly FactType[])),
  ].sort();
}

/** Whether nobody waits for the service: it says nothing and calls nobody. */
export function isObserver(service: AnyService): boolean {
  return emits(service).length === 0 && !service.reactions.some(({ call }) => call);
}

// What a service's own figures are made with, whoever shows them.

/** The labels of one figure, by name. */
export type Labels = Readonly<Record<string, string>>;

/** Figures that a service adds to those of the kit. Names are those of Prometheus, and units are in them. */
export interface Meters {
  /** Something that goes up and down: `read` gives all values, at each scrape. */
  gauge(
    name: string,
    help: string,
    labels: readonly string[],
    read: (set: (labels: Labels, value: number) => void) => void | Promise<void>,
  ): void;
  /** How long things took, in seconds: `read` gives what has come since the last scrape. */
  durations(
    name: string,
    help: string,
    labels: readonly string[],
    buckets: readonly number[],
    read: (observe: (labels: Labels, seconds: number) => void) => void | Promise<void>,
  ): void;
}

// Code's names and numbers as people say them.

/** A function's name in words: `isNotRejected` is "not rejected", `callOff` "call off". */
export function words(name: string): string {
  const spaced = name.replace(/([a-z0-9])([A-Z])/g, "$1 $2").toLowerCase();
  return spaced.replace(/^is (?=.)/, "");
}

/** A span of time in its largest whole unit: `1 h`, `90 s`. */
export function duration(ms: number): string {
  const units = [
    ["d", 86_400_000],
    ["h", 3_600_000],
    ["min", 60_000],
    ["s", 1_000],
  ] as const;
  const [unit, size] = units.find(([, size]) => ms > 0 && ms % size === 0) ?? ["ms", 1];
  return `${ms / size} ${unit}`;
}

// What Prometheus would make of a service's figures, and of the queries over them.

/** The figures of one scrape. */
export class Scrape {
  /** The kind of each figure, by name. */
  readonly types = new Map<string, string>();
  readonly #samples: { name: string; labels: Record<string, string>; value: number }[] = [];

  constructor(text: string) {
    for (const line of text.split("\n")) {
      const [, typed, type] = /^# TYPE (\S+) (\S+)$/.exec(line) ?? [];
      if (typed && type) this.types.set(typed, type);
      const [, name, labels = "", value] = /^(\w+)(?:\{(.*)\})? (\S+)$/.exec(line) ?? [];
      if (!name || line.startsWith("#")) continue;
      const pairs = [...labels.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(([, key, text]) => [key!, text!]);
      this.#samples.push({ name, labels: Object.fromEntries(pairs), value: Number(value) });
    }
  }

  /** The sum of a figure over all samples that have these labels; undefined when there is none. */
  sum(name: string, labels: Record<string, string> = {}): number | undefined {
    const found = this.#samples.filter(
      (sample) =>
        sample.name === name && Object.entries(labels).every(([key, text]) => sample.labels[key] === text),
    );
    return found.length > 0 ? found.reduce((sum, { value }) => sum + value, 0) : undefined;
  }

  /** All values that a label has in a figure. */
  values(name: string, label: string): string[] {
    const found = this.#samples.filter((sample) => sample.name === name);
    return [...new Set(found.map(({ labels }) => labels[label]!))].sort();
  }
}

/** The figures that a PromQL expression reads, but for the parts of histograms, which go by the histogram's name. */
export function figuresIn(expression: string): string[] {
  const bare = expression
    .replace(/\{[^}]*\}|\[[^\]]*\]/g, " ")
    .replace(/\b(by|on|without|ignoring)\s*\([^)]*\)/g, " ")
    .replace(/\b(and|or|unless|bool|offset)\b/g, " ");
  const names = [...bare.matchAll(/[a-zA-Z_:][\w:]*(?!\w*\s*\()/g)].map(([name]) => name);
  return names.map((name) => name.replace(/_(bucket|count|sum)$/, ""));
}

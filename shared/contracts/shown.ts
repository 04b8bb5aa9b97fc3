// What of an event, or of a request, people may see: a payment token is nobody's business but the gateway's.

const HIDDEN: readonly string[] = ["paymentToken", "token"];

/** The data of an event as it may be shown. */
export function shown(data: object): object {
  const entries = Object.entries(data);
  if (!entries.some(([name]) => HIDDEN.includes(name))) return data;
  return Object.fromEntries(entries.map(([name, value]) => [name, discreet(name, value)]));
}

/** Hides what is not to be seen, however deep: for `JSON.stringify`. */
export function discreet(name: string, value: unknown): unknown {
  return HIDDEN.includes(name) ? "(hidden)" : value;
}

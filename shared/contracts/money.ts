// Money as people read it.

/** Cents as an amount: `1,500.00 EUR`. It is exact up to the largest safe integer. */
export function money(cents: number, currency: string): string {
  const rest = cents % 100;
  return `${((cents - rest) / 100).toLocaleString("en")}.${`${rest}`.padStart(2, "0")} ${currency}`;
}

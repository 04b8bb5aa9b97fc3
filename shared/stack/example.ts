// An order as a customer would place it: what `npm start` shows, and what the benchmarks are made of.

/** The body of `POST /orders`. */
export const EXAMPLE_ORDER = {
  customerId: "c-42",
  email: "ada@example.com",
  plan: "STANDARD",
  currency: "EUR",
  shipTo: { name: "Ada L.", line1: "1 Mill Lane", city: "York", postcode: "YO1 7HB", country: "GB" },
  lines: [{ sku: "TEA-001", quantity: 2, unitPriceCents: 450 }],
  paymentToken: "tok_approve",
} as const;

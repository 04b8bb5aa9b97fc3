// A good order, to be placed as it is or with something wrong.

/** The body of `POST /orders`. */
export interface Placement {
  customerId: string;
  email: string;
  plan: "STANDARD" | "TRIAL";
  shippingPriority?: "STANDARD" | "EXPRESS";
  currency: string;
  shipTo: { name: string; line1: string; city: string; postcode: string; country: string };
  lines: { sku: string; quantity: number; unitPriceCents: number }[];
  paymentToken: string;
}

/** A good order, but for what `change` says. */
export function anOrder(change: Partial<Placement> = {}): Placement {
  return {
    customerId: "c-42",
    email: "ada@example.com",
    plan: "STANDARD",
    currency: "EUR",
    shipTo: { name: "Ada L.", line1: "1 Mill Lane", city: "York", postcode: "YO1 7HB", country: "GB" },
    lines: [{ sku: "TEA-001", quantity: 2, unitPriceCents: 450 }],
    paymentToken: "tok_approve",
    ...change,
  };
}

// The payment gateway as payments sees it. Real adapters implement this; sandbox.ts is the built-in one.

/**
 * A payment gateway. A refusal is an answer; a rejected promise means "not known, ask again". Each request carries
 * a key: a repeat with the same key has no second effect and gets the same answer.
 */
export interface Gateway {
  /** Holds money for an order. */
  authorize(request: AuthorizeRequest, signal: AbortSignal): Promise<Authorization>;
  /** Takes what was held. */
  capture(request: CaptureRequest, signal: AbortSignal): Promise<Capture>;
  /** Gives back whatever is held for an order, and lets nothing be held for it afterwards. */
  void(request: VoidRequest, signal: AbortSignal): Promise<Void>;
}

export interface AuthorizeRequest {
  readonly call: "authorize";
  readonly key: string;
  readonly orderId: string;
  readonly amountCents: number;
  readonly currency: string;
  readonly token: string;
}

export interface CaptureRequest {
  readonly call: "capture";
  readonly key: string;
  readonly orderId: string;
  readonly reference: string;
  readonly amountCents: number;
}

export interface VoidRequest {
  readonly call: "void";
  readonly key: string;
  readonly orderId: string;
}

export type Authorization =
  | { readonly status: "authorized"; readonly reference: string }
  | { readonly status: "declined"; readonly reason: string };

export type Capture = { readonly status: "captured"; readonly reference: string };

export type Void =
  | { readonly status: "voided"; readonly reference: string }
  | { readonly status: "nothing-held" };

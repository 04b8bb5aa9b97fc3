// A refusal that tells the caller what went wrong, as RFC 9457 spells it.

import { STATUS_CODES } from "node:http";

/** One bad place in a request: `pointer` names a spot in the body, `parameter` one outside it. */
export type FieldError = { pointer: string; detail: string } | { parameter: string; detail: string };

export type ProblemInit = {
  /** HTTP status, 400 to 599. */
  status: number;
  /** What went wrong this time, as a sentence the caller can act on. Never internals. */
  detail: string;
  /** Short stable name, such as `order-unknown`, sent as `urn:quadrille:problem:order-unknown`. */
  type?: string;
  /** The same sentence for every problem of this type; the status phrase unless given. */
  title?: string;
  errors?: FieldError[];
  /** Extra response headers, such as `retry-after`. */
  headers?: Record<string, string>;
};

/**
 * Thrown anywhere below a route, answered by `httpApp` as `application/problem+json`.
 *
 * @example
 * throw new Problem({ status: 404, type: "order-unknown", detail: `No order has the id ${id}.` });
 */
export class Problem extends Error {
  override readonly name = "Problem";
  readonly status: number;
  readonly type: string;
  readonly title: string;
  readonly detail: string;
  readonly errors: FieldError[] | undefined;
  readonly #headers: Record<string, string>;

  constructor({ status, detail, type, title, errors, headers = {} }: ProblemInit) {
    super(detail);
    this.status = status;
    this.type = type ? `urn:quadrille:problem:${type}` : "about:blank";
    this.title = title ?? STATUS_CODES[status] ?? "Problem";
    this.detail = detail;
    this.errors = errors;
    this.#headers = headers;
  }

  /** The members that go over the wire; `errors` only when there are some. */
  toJSON() {
    const { type, title, status, detail, errors } = this;
    return { type, title, status, detail, ...(errors && { errors }) };
  }

  toResponse(): Response {
    return new Response(JSON.stringify(this), {
      status: this.status,
      headers: { ...this.#headers, "content-type": "application/problem+json" },
    });
  }
}

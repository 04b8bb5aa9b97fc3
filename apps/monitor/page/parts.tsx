// Small parts that several views are made of.

import { type Child, useState } from "hono/jsx/dom";
import type { Asked, Refused } from "./api.ts";

/** A status as a word in its colour: the colour alone says nothing. */
export function Badge({ text }: { text: string }) {
  return <span class={`badge ${text.toLowerCase().replaceAll(" ", "-")}`}>{text}</span>;
}

/** A command to type, with a button that copies it. */
export function Command({ text }: { text: string }) {
  const [said, setSaid] = useState("");
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      setSaid("copied");
    } catch {
      setSaid("select it and copy it yourself");
    }
  };
  return (
    <div class="command">
      <code>{text}</code>
      <button type="button" class="small" aria-label={`Copy: ${text}`} onClick={copy}>
        Copy
      </button>
      <span role="status" class="quiet">
        {said}
      </span>
    </div>
  );
}

/** A table that turns into a list of cards where there is no room for its columns. */
export function Table({ caption, heads, children }: { caption: string; heads: string[]; children: Child }) {
  return (
    <table>
      <caption class="hidden">{caption}</caption>
      <thead>
        <tr>
          {heads.map((head) => (
            <th key={head} scope="col">
              {head}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>{children}</tbody>
    </table>
  );
}

/** A cell that names its column where the table has no heads. */
export function Cell({ head, number, children }: { head: string; number?: boolean; children: Child }) {
  return (
    <td data-head={head} class={number ? "number" : ""}>
      {children}
    </td>
  );
}

/** Why there is no answer, or that it is not there yet. */
export function Missing<Body>({ asked }: { asked: Asked<Body> }) {
  if (asked.refused) return <Failure refused={asked.refused} />;
  return asked.body === undefined ? <p class="quiet">Asking the monitor…</p> : null;
}

/** A refusal. */
export function Failure({ refused }: { refused: Refused }) {
  return (
    <p class="failure" role="alert">
      {refused.message}
    </p>
  );
}

/** An order's id as a link to its story. */
export function OrderLink({ id }: { id: string }) {
  return (
    <a class="id" href={`/orders/${encodeURIComponent(id)}`}>
      {id}
    </a>
  );
}

// Orders that wait for a person: what makes them risky, until when, and the answer.

import { useState } from "hono/jsx/dom";
import { asRefused, type Reviews as Page, post, useAnswer } from "./api.ts";
import { useEffect } from "./effect.ts";
import { keepingFocus } from "./focus.ts";
import { Cell, Missing, OrderLink, Table } from "./parts.tsx";
import { CAN_ACT } from "./settings.ts";
import { Store, useStore } from "./value.ts";
import { clock, count, money, span } from "./words.ts";

type Placed = NonNullable<Page["reviews"][number]["placed"]>;

const EVERY_MS = 3_000;
const COUNTED_EVERY_MS = 5_000;
/** So many are counted; there may be more. */
const MOST = 1_000;
/** The lines of an order that are shown; the others are on its own page. */
const LINES = 3;
const HEADS = ["Order", "Total", "Score", "Reasons", "Decide by", "Answer"];

/** How often a review was answered here: whatever shows them then looks again. */
const answers = new Store(0);

/** How many orders wait for a person. */
export function ReviewCount() {
  const { body, again } = useAnswer<Page>("/api/reviews?limit=1", COUNTED_EVERY_MS);
  const times = useStore(answers);
  useEffect(() => {
    if (times > 0) again();
  }, [times]);
  if (!body?.total) return null;
  return <span class="count waiting">{`${count(body.total)}${body.total < MOST ? "" : "+"}`}</span>;
}

export function Reviews({ search }: { search: URLSearchParams }) {
  const cursor = search.get("cursor");
  const asked = useAnswer<Page>(
    `/api/reviews${cursor ? `?cursor=${encodeURIComponent(cursor)}` : ""}`,
    EVERY_MS,
  );
  const [said, setSaid] = useState("");
  const { body } = asked;
  const after = (orderId: string, verdict: string) => {
    setSaid(`Order ${orderId} is ${verdict}.`);
    asked.again();
  };
  return (
    <>
      <h1>Reviews</h1>
      <p class="quiet">
        Orders that wait for a person, the most urgent first. Without an answer they are rejected.
      </p>
      <p role="status">{said}</p>
      <Missing asked={asked} />
      {body && body.reviews.length === 0 ? <p class="well">No order waits for a review.</p> : null}
      {body && body.reviews.length > 0 ? (
        <Table caption="Reviews" heads={HEADS}>
          {body.reviews.map(({ orderId, score, reasons, decideBy, placed }) => (
            <tr key={orderId}>
              <th scope="row">
                <OrderLink id={orderId} />
                {placed ? <p class="quiet">from {placed.customerId}</p> : null}
              </th>
              <Cell head="Total" number>
                {placed ? money(placed.totalCents, placed.currency) : "–"}
                {placed ? <Goods {...placed} /> : null}
              </Cell>
              <Cell head="Score" number>
                {score}
              </Cell>
              <Cell head="Reasons">{reasons.join(", ")}</Cell>
              <Cell head="Decide by">{by(decideBy)}</Cell>
              <Cell head="Answer">
                <Verdict orderId={orderId} after={(verdict) => after(orderId, verdict)} />
              </Cell>
            </tr>
          ))}
        </Table>
      ) : null}
      {body?.next ? (
        <nav class="pages" aria-label="Pages">
          <a href={`/reviews?cursor=${encodeURIComponent(body.next)}`}>Later</a>
        </nav>
      ) : null}
    </>
  );
}

/** Approve or reject one order, with a note if there is something to say. */
export function Verdict({ orderId, after }: { orderId: string; after: (verdict: string) => void }) {
  const [isSending, setSending] = useState(false);
  const [said, setSaid] = useState("");
  if (!CAN_ACT) return <p class="quiet">The monitor only looks: it has no operators' password.</p>;
  const decide = (event: Event) => {
    event.preventDefault();
    return keepingFocus(() => send(event));
  };
  const send = async (event: Event) => {
    const decision = ((event as SubmitEvent).submitter as HTMLButtonElement).value;
    const note = `${new FormData(event.target as HTMLFormElement).get("note") ?? ""}`.trim();
    setSending(true);
    setSaid("");
    try {
      await post(`/api/reviews/${encodeURIComponent(orderId)}`, { decision, ...(note && { note }) });
      const verdict = decision === "approve" ? "approved" : "rejected";
      setSaid(`It is ${verdict}.`);
      answers.value++;
      after(verdict);
    } catch (error) {
      setSaid(asRefused(error).message);
    } finally {
      setSending(false);
    }
  };
  return (
    <form class="verdict" onSubmit={decide}>
      <label>
        <span class="hidden">Note on {orderId}</span>
        <input name="note" maxlength={500} placeholder="Note, if any" autocomplete="off" />
      </label>
      <button type="submit" value="approve" disabled={isSending} aria-label={`Approve ${orderId}`}>
        Approve
      </button>
      <button type="submit" value="reject" disabled={isSending} aria-label={`Reject ${orderId}`}>
        Reject
      </button>
      <span role="status">{said}</span>
    </form>
  );
}

/** What is to be sent: `2 × TEA-100 1 × POT`. */
function Goods({ lines }: Placed) {
  const others = lines.length - LINES;
  return (
    <ul class="goods quiet">
      {lines.slice(0, LINES).map(({ sku, quantity }) => (
        <li key={sku}>{`${count(quantity)} × ${sku}`}</li>
      ))}
      {others > 0 ? <li>and {others} more</li> : null}
    </ul>
  );
}

function by(iso: string): string {
  const at = Date.parse(iso);
  return `${clock(at, Date.now())}, in ${span(Math.max(0, at - Date.now()))}`;
}

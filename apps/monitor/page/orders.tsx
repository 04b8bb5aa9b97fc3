// Orders to choose from, a page at a time: newest first, by status, customer, or a part of their ids.

import { type Orders as Page, useAnswer } from "./api.ts";
import { Badge, Cell, Missing, OrderLink, Table } from "./parts.tsx";
import { go } from "./router.ts";
import { moment, money, span } from "./words.ts";

const STATUSES = ["pending", "in-review", "completed", "cancelled"];
const WHOLE_ID = /^([\da-f]{8})-?([\da-f]{4})-?([\da-f]{4})-?([\da-f]{4})-?([\da-f]{12})$/i;
const EVERY_MS = 4_000;
/** An order that is open for longer is told of on the first view. */
const LONG_MS = 5_000;

export function Orders({ search }: { search: URLSearchParams }) {
  const status = search.get("status") ?? "";
  const id = search.get("id") ?? "";
  const customer = search.get("customer") ?? "";
  const cursor = search.get("cursor") ?? "";
  const wanted = { status, id, customer };
  const query = pageOf({ ...wanted, cursor });
  const asked = useAnswer<Page>(`/api/orders${query}`, cursor ? 0 : EVERY_MS);
  const { body } = asked;
  return (
    <>
      <h1>Orders</h1>
      <search>
        <form class="search" onSubmit={find}>
          <label>
            Order id, or part of it
            <input
              name="id"
              value={id}
              autocomplete="off"
              spellcheck={false}
              pattern="\s*[0-9a-fA-F\-]{0,36}\s*"
              title="Digits, a to f, and hyphens"
            />
          </label>
          <label>
            Customer, or part of it
            <input name="customer" value={customer} autocomplete="off" spellcheck={false} maxlength={64} />
          </label>
          <label>
            Status
            <select name="status">
              <option value="">any</option>
              {STATUSES.map((one) => (
                <option key={one} value={one} selected={one === status}>
                  {one}
                </option>
              ))}
            </select>
          </label>
          <button type="submit">Find</button>
        </form>
      </search>
      <Missing asked={asked} />
      {body?.from === "stream" ? (
        <p class="failure">
          The service orders does not answer: these are the newest in the stream, without status.
        </p>
      ) : null}
      {body && body.orders.length === 0 ? <p>{nothing(body)}</p> : null}
      {body && body.orders.length > 0 ? <List page={body} /> : null}
      <nav class="pages" aria-label="Pages">
        {cursor ? <a href={`/orders${pageOf(wanted)}`}>Newest</a> : null}
        {body?.next ? <a href={`/orders${pageOf({ ...wanted, cursor: body.next })}`}>Older</a> : null}
      </nav>
    </>
  );
}

function List({ page }: { page: Page }) {
  return (
    <Table caption="Orders" heads={["Order", "Status", "Placed", "Customer", "Total"]}>
      {page.orders.map(({ orderId, status, placedAt, totalCents, currency, customerId, reason }) => (
        <tr key={orderId}>
          <th scope="row">
            <OrderLink id={orderId} />
          </th>
          <Cell head="Status">
            <Badge text={status} />{" "}
            {status === "pending" ? <span class="quiet">{openFor(placedAt)}</span> : null}
            {reason ? <span class="quiet">{reason}</span> : null}
          </Cell>
          <Cell head="Placed">{moment(placedAt)}</Cell>
          <Cell head="Customer">{customerId}</Cell>
          <Cell head="Total" number>
            {money(totalCents, currency)}
          </Cell>
        </tr>
      ))}
    </Table>
  );
}

/** For how long an order is open, once that is long. */
function openFor(placedAt: string): string {
  const ms = Date.now() - Date.parse(placedAt);
  return ms > LONG_MS ? `for ${span(ms)}` : "";
}

/** A search looks through so many orders at a time, and then says where to go on. */
function nothing({ next }: Page): string {
  return next
    ? "No orders found among the newest ones: there may be some among the older ones."
    : "No orders found.";
}

function find(event: Event): void {
  event.preventDefault();
  const form = new FormData(event.target as HTMLFormElement);
  const said = (name: string) => `${form.get(name) ?? ""}`.trim();
  const whole = WHOLE_ID.exec(said("id"));
  if (whole) go(`/orders/${whole.slice(1).join("-").toLowerCase()}`);
  else go(`/orders${pageOf({ status: said("status"), id: said("id"), customer: said("customer") })}`);
}

function pageOf(query: Record<string, string>): string {
  const given = Object.entries(query).filter(([, value]) => value !== "");
  return given.length > 0 ? `?${new URLSearchParams(given)}` : "";
}

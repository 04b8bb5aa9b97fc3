// Orders to choose from, a page at a time: newest first, by status, or by how their ids begin.

import { type Orders as Page, useAnswer } from "./api.ts";
import { Badge, Cell, Missing, OrderLink, Table } from "./parts.tsx";
import { go } from "./router.ts";
import { moment, money } from "./words.ts";

const STATUSES = ["pending", "in-review", "completed", "cancelled"];
const WHOLE_ID = /^[\da-f]{8}-([\da-f]{4}-){3}[\da-f]{12}$/i;
const EVERY_MS = 4_000;

export function Orders({ search }: { search: URLSearchParams }) {
  const status = search.get("status") ?? "";
  const id = search.get("id") ?? "";
  const cursor = search.get("cursor") ?? "";
  const query = pageOf({ status, id, cursor });
  const asked = useAnswer<Page>(`/api/orders${query}`, cursor ? 0 : EVERY_MS);
  const { body } = asked;
  return (
    <>
      <h1>Orders</h1>
      <search>
        <form class="search" onSubmit={find}>
          <label>
            Order id, or how it begins
            <input
              name="id"
              value={id}
              autocomplete="off"
              spellcheck={false}
              pattern="[0-9a-fA-F\-]{0,36}"
              title="Digits, a to f, and hyphens"
            />
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
      {body && body.orders.length === 0 ? <p>There are none.</p> : null}
      {body && body.orders.length > 0 ? <List page={body} /> : null}
      <nav class="pages" aria-label="Pages">
        {cursor ? <a href={`/orders${pageOf({ status, id })}`}>Newest</a> : null}
        {body?.next ? <a href={`/orders${pageOf({ status, id, cursor: body.next })}`}>Older</a> : null}
      </nav>
    </>
  );
}

function List({ page }: { page: Page }) {
  return (
    <Table caption="Orders" heads={["Order", "Status", "Placed", "Customer", "Total"]}>
      {page.orders.map(({ orderId, status, placedAt, totalCents, currency, customerId }) => (
        <tr key={orderId}>
          <th scope="row">
            <OrderLink id={orderId} />
          </th>
          <Cell head="Status">
            <Badge text={status} />
          </Cell>
          <Cell head="Placed">{moment(placedAt)}</Cell>
          <Cell head="Customer">{`${customerId ?? ""}`}</Cell>
          <Cell head="Total" number>
            {money(totalCents, currency)}
          </Cell>
        </tr>
      ))}
    </Table>
  );
}

function find(event: Event): void {
  event.preventDefault();
  const form = new FormData(event.target as HTMLFormElement);
  const id = `${form.get("id") ?? ""}`.trim();
  if (WHOLE_ID.test(id)) go(`/orders/${id.toLowerCase()}`);
  else go(`/orders${pageOf({ status: `${form.get("status") ?? ""}`, id })}`);
}

function pageOf(query: Record<string, string>): string {
  const given = Object.entries(query).filter(([, value]) => value !== "");
  return given.length > 0 ? `?${new URLSearchParams(given)}` : "";
}

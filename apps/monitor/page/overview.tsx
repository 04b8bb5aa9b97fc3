// The first view: what is wrong, the flow as a live map, every consumer, and how it has been.

import { type Troubles, useAnswer } from "./api.ts";
import { Charts } from "./charts.tsx";
import { Consumers } from "./consumers.tsx";
import { Facts } from "./facts.tsx";
import { FlowMap } from "./map.tsx";
import { Badge, Command, Missing, OrderLink } from "./parts.tsx";
import { count } from "./words.ts";

const EVERY_MS = 2_000;

export function Overview() {
  return (
    <>
      <Wrong />
      <section aria-labelledby="map-title">
        <h2 id="map-title">The flow</h2>
        <FlowMap />
        <p class="quiet">
          Services, and the facts that go from one to the next, with how many per second if there are any.
          Dashed: what people ask for. A service shows how many events wait for it, and how long the first has
          waited.
        </p>
      </section>
      <section aria-labelledby="consumers-title">
        <h2 id="consumers-title">Consumers</h2>
        <Consumers />
        <details>
          <summary>What the columns mean</summary>
          <p>
            Waits: events that are not done yet, including those under way. Oldest: how long ago the oldest of
            them was said. In/s and Out/s: how many come in and are done per second. To zero: how long until
            none wait, at this rate. Pending: not delivered yet. Unacked: delivered but not done. Redelivered:
            how many of those were delivered more than once. Pulls: how many requests for more the service has
            open at NATS; with none, nobody listens.
          </p>
        </details>
      </section>
      <section aria-labelledby="past-title">
        <h2 id="past-title">The last quarter of an hour</h2>
        <Charts />
      </section>
      <section aria-labelledby="facts-title">
        <h2 id="facts-title">Facts</h2>
        <Facts />
      </section>
    </>
  );
}

function Wrong() {
  const asked = useAnswer<Troubles>("/api/troubles", EVERY_MS);
  const { body } = asked;
  const total = body?.troubles.length ?? 0;
  return (
    <section aria-labelledby="wrong-title">
      <h1 id="wrong-title">What is wrong</h1>
      <Missing asked={asked} />
      {body?.isLooking ? <p class="quiet">Looking at the orders that wait…</p> : null}
      {body && total === 0 && !body.isLooking ? (
        <p class="well">Nothing: every service keeps up, nothing is parked, and no order waits too long.</p>
      ) : null}
      <ul class="troubles">
        {body?.troubles.map((trouble) => (
          <Trouble key={`${trouble.kind} ${trouble.about}`} trouble={trouble} />
        ))}
      </ul>
      {body && (body.hasMore || body.late > 0) ? (
        <p class="quiet">
          {body.hasMore ? `More than ${count(body.late)}` : count(body.late)}{" "}
          {body.late === 1 ? "order is" : "orders are"} older than 5 s and still open.{" "}
          {body.late > body.lookedAt || body.hasMore
            ? `${count(body.lookedAt)} were looked at: those that services are held up at or have parked, the oldest, and others in turn. `
            : null}
          <a href="/orders?status=pending">Show pending orders</a>
        </p>
      ) : null}
    </section>
  );
}

function Trouble({ trouble }: { trouble: Troubles["troubles"][number] }) {
  const { kind, about, customer, situation, sentence, others, command } = trouble;
  return (
    <li>
      <Badge text={kind === "parked" ? "parked" : situation} />
      <div>
        <p>
          {kind === "order" ? (
            <>
              Order <OrderLink id={about} />
              {customer ? ` from ${customer}` : ""}:{" "}
            </>
          ) : null}
          {sentence}{" "}
          {others > 0
            ? `${others} more of those looked at ${others === 1 ? "waits" : "wait"} for the same reason. `
            : null}
          {kind === "service" ? <a href={`/services/${about}`}>See {about}</a> : null}
          {kind === "parked" ? <a href={`/parked?group=${about}`}>Look at them</a> : null}
          {kind === "order" ? (
            <a href={`/orders/${about}`} aria-label={`See why order ${about} waits`}>
              See why
            </a>
          ) : null}
        </p>
        {command && kind !== "order" ? <Command text={command} /> : null}
      </div>
    </li>
  );
}

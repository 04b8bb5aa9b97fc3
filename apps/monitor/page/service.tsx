// One service: how its consumer stands and why, what it hears and says, and how much has waited for it.

import { type FlowMap, type Parked, type Troubles, useAnswer } from "./api.ts";
import { Charts } from "./charts.tsx";
import { latest } from "./live.ts";
import { Badge, Command } from "./parts.tsx";
import { useStore } from "./value.ts";
import { clock, count, rate, seconds } from "./words.ts";

export function Service({ name }: { name: string }) {
  const snapshot = useStore(latest);
  const flow = useAnswer<FlowMap>("/api/map", 0).body;
  const troubles = useAnswer<Troubles>("/api/troubles", 4_000).body;
  const parked = useAnswer<Parked>(`/api/parked?limit=1&service=${name}`, 4_000).body?.total ?? 0;
  const consumer = snapshot?.consumers.find((one) => one.name === name);
  if (flow && !flow.services.some((one) => one.name === name)) return <h1>There is no service {name}</h1>;
  const trouble = troubles?.troubles.find(({ kind, about }) => kind === "service" && about === name);
  const facts = (which: "saidBy" | "heardBy") =>
    flow?.facts.filter((fact) => fact[which].includes(name)).map(({ type }) => type) ?? [];
  return (
    <>
      <h1>{name}</h1>
      {consumer ? (
        <>
          <p>
            <Badge text={consumer.status} /> {trouble?.sentence ?? `${consumer.why}.`}
          </p>
          {parked > 0 ? (
            <p>
              <a href={`/parked?service=${name}`}>{count(parked)} parked</a>
            </p>
          ) : null}
          {trouble?.command ? <Command text={trouble.command} /> : null}
          <dl class="figures">
            <Figure term="Waits" text={count(consumer.lag)} />
            <Figure
              term="Oldest"
              text={
                consumer.oldest
                  ? `${seconds(consumer.lagSeconds)}, since ${clock(consumer.oldest.at, Date.now())}`
                  : "–"
              }
            />
            <Figure term="In per second" text={rate(consumer.perSecondIn)} />
            <Figure term="Out per second" text={rate(consumer.perSecondOut)} />
            <Figure term="To zero in" text={seconds(consumer.etaSeconds)} />
            <Figure term="Pending" text={count(consumer.pending)} />
            <Figure term="Unacknowledged" text={count(consumer.ackPending)} />
            <Figure term="Redelivered" text={count(consumer.redelivered)} />
            <Figure term="Open pulls" text={count(consumer.waiting)} />
            <Figure term="Acknowledged up to" text={count(consumer.floorSeq)} />
          </dl>
        </>
      ) : (
        <p class="quiet">The monitor has not looked yet.</p>
      )}
      <section aria-labelledby="past-title">
        <h2 id="past-title">The last quarter of an hour</h2>
        <Charts service={name} />
      </section>
      <section aria-labelledby="table-title">
        <h2 id="table-title">Hears and says</h2>
        <dl class="pairs">
          <dt>Hears</dt>
          <dd>{facts("heardBy").join(", ") || "nothing"}</dd>
          <dt>Says</dt>
          <dd>{facts("saidBy").join(", ") || "nothing"}</dd>
        </dl>
      </section>
    </>
  );
}

function Figure({ term, text }: { term: string; text: string }) {
  return (
    <div>
      <dt>{term}</dt>
      <dd>{text}</dd>
    </div>
  );
}

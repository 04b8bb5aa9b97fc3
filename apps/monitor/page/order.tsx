// One order: why it stands where it stands, what is expected next, and its story so far.

import { useState } from "hono/jsx/dom";
import { type Answer, type Story, useAnswer } from "./api.ts";
import { useEffect } from "./effect.ts";
import { Badge, Command, Failure, Missing } from "./parts.tsx";
import { Verdict } from "./reviews.tsx";
import { Timeline } from "./timeline.tsx";
import { clock, money, span } from "./words.ts";

const EVERY_MS = 2_000;
/** Little is said of an order after its end. */
const ENDED_EVERY_MS = 10_000;

export function Order({ id }: { id: string }) {
  const path = `/api/orders/${encodeURIComponent(id)}`;
  const [everyMs, setEveryMs] = useState(EVERY_MS);
  const story = useAnswer<Story>(path, everyMs);
  const why = useAnswer<Answer>(`${path}/why`, everyMs);
  const { body } = story;
  useEffect(() => {
    setEveryMs(body?.end ? ENDED_EVERY_MS : EVERY_MS);
  }, [body?.end]);
  const isReviewed = body?.expected.some(({ commands }) => commands.includes("review"));
  return (
    <>
      <h1>
        Order <span class="id">{id}</span>
      </h1>
      {why.body?.customer ? (
        <p>
          Customer{" "}
          <a href={`/orders?customer=${encodeURIComponent(why.body.customer)}`}>{why.body.customer}</a>
          {body ? totalOf(body) : null}
        </p>
      ) : null}
      <section aria-labelledby="why-title" class="why">
        <h2 id="why-title">Is it stuck?</h2>
        {why.body ? <Why answer={why.body} /> : <Missing asked={why} />}
        {isReviewed ? (
          <Verdict
            orderId={id}
            after={() => {
              story.again();
              why.again();
            }}
          />
        ) : null}
      </section>
      {story.refused && story.refused.status !== 404 ? <Failure refused={story.refused} /> : null}
      {body ? (
        <>
          <section aria-labelledby="next-title">
            <h2 id="next-title">Expected next</h2>
            <Next story={body} />
          </section>
          <section aria-labelledby="story-title">
            <h2 id="story-title">What has happened</h2>
            <Timeline story={body} />
          </section>
        </>
      ) : null}
    </>
  );
}

/** What is to be paid, as the beginning of the story says it. */
function totalOf({ steps }: Story): string {
  const placed = steps.find(({ type }) => type === "order.created")?.data as Placed | null | undefined;
  return placed ? `, total ${money(placed.totalCents, placed.currency)}` : "";
}

interface Placed {
  readonly totalCents: number;
  readonly currency: string;
}

function Why({ answer }: { answer: Answer }) {
  const { situation, sentence, command, at, orderId } = answer;
  const isParked = command.includes("parked");
  return (
    <>
      <p class="sentence" data-why>
        <Badge text={situation} /> {sentence}
      </p>
      <Command text={command} />
      <p>
        {at && at !== "NATS" ? <a href={`/services/${at}`}>See {at}</a> : null}
        {isParked ? (
          <>
            {" "}
            <a href={`/parked?key=${orderId}`}>Redrive or discard what is parked</a>
          </>
        ) : null}
      </p>
    </>
  );
}

function Next({ story }: { story: Story }) {
  const { expected, waiting, end } = story;
  if (expected.length + waiting.length === 0)
    return (
      <p>{end ? `Nothing: it has ended with ${end}.` : "Nothing: nobody has anything left to do for it."}</p>
    );
  return (
    <ul class="next">
      {expected.map((one) => (
        <li key={`${one.service} ${one.on?.seq ?? one.what}`}>
          <a href={`/services/${one.service}`}>{one.service}</a> {sentenceOf(one)}
        </li>
      ))}
      {waiting.map(({ service, missing }) => (
        <li key={`waiting ${service}`}>
          <a href={`/services/${service}`}>{service}</a> waits for {missing.join(" and ")}
        </li>
      ))}
    </ul>
  );
}

function sentenceOf({ kind, what, on, says, by, otherwise }: Story["expected"][number]): string {
  const now = Date.now();
  const facts = says.join(" or ");
  const then = facts ? `says ${facts}` : "says nothing";
  const last =
    by === null
      ? ""
      : `, by ${clock(by, now)} (in ${span(Math.max(0, by - now))}), or else ${otherwise.join(" and ")}`;
  if (kind === "waits") return `waits for the ${what}; ${then}${last}`;
  if (kind === "parked")
    return `has parked ${on?.type ?? "it"}; if redriven, it ${facts ? then : "takes note"}; if discarded, it never does`;
  const does =
    kind === "performs" ? `asks for the ${what ?? "call"} after ${on?.type}` : `decides on ${on?.type}`;
  return `${does} and ${then}${last}`;
}

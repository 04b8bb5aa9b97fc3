// What services have put aside: by cause and one by one, to be redriven or discarded.

import { useState } from "hono/jsx/dom";
import { asRefused, type Became, type Parked, type ParkedEntry, post, useAnswer } from "./api.ts";
import { Discard } from "./discard.tsx";
import { keepingFocus } from "./focus.ts";
import { Badge, Cell, Missing, OrderLink, Table } from "./parts.tsx";
import { CAN_ACT } from "./settings.ts";
import { count, moment } from "./words.ts";

const EVERY_MS = 3_000;

export function ParkedMessages({ search }: { search: URLSearchParams }) {
  const [service, group, key] = [search.get("service"), search.get("group"), search.get("key")];
  const query = new URLSearchParams({
    ...(service && { service }),
    ...(group && { group }),
    ...(key && { key }),
  });
  const asked = useAnswer<Parked>(`/api/parked?${query}`, EVERY_MS);
  const [said, setSaid] = useState("");
  const [discarding, setDiscarding] = useState<ParkedEntry | undefined>(undefined);
  const [isSending, setSending] = useState(false);
  const { body } = asked;

  const act = (path: string, what: object) => keepingFocus(() => send(path, what));
  const send = async (path: string, what: object) => {
    setSending(true);
    setSaid("Asking…");
    try {
      setSaid(told(await post<Became>(path, what)));
    } catch (error) {
      setSaid(asRefused(error).message);
    } finally {
      setSending(false);
      setTimeout(() => asked.again(), 300);
    }
  };
  const redrive = (what: object) => act("/api/parked/redrive", what);

  return (
    <>
      <h1>Parked messages</h1>
      <p class="quiet">
        Messages that a service could not handle wait here, and so do later events of the same order for it.
      </p>
      {group || key || service ? (
        <p>
          Only {only(group, key, service)}. <a href="/parked">Show all</a>
        </p>
      ) : null}
      {body && !CAN_ACT ? (
        <p class="failure">The monitor only looks: it has no operators' password.</p>
      ) : null}
      <p role="status" class="said">
        {said}
      </p>
      <Missing asked={asked} />
      {body && body.total === 0 ? <p class="well">Nothing is parked.</p> : null}
      {body && body.total > 0 ? (
        <>
          <section aria-labelledby="groups-title">
            <h2 id="groups-title">By cause</h2>
            <Groups body={body} isSending={isSending} redrive={redrive} />
          </section>
          <section aria-labelledby="entries-title">
            <h2 id="entries-title">Messages</h2>
            {body.entries.length < body.total ? (
              <p class="quiet">
                The oldest {count(body.entries.length)} of {count(body.total)}.
              </p>
            ) : null}
            <Entries body={body} isSending={isSending} redrive={redrive} discard={setDiscarding} />
          </section>
        </>
      ) : null}
      {discarding ? (
        <Discard
          entry={discarding}
          close={() => setDiscarding(undefined)}
          send={(reason) => act("/api/parked/discard", { id: discarding.id, reason })}
        />
      ) : null}
    </>
  );
}

function only(group: string | null, key: string | null, service: string | null): string {
  const what = group ? "what has failed for one cause" : key ? `order ${key}` : "what is parked";
  return service ? `${what} at ${service}` : what;
}

function Groups({
  body,
  isSending,
  redrive,
}: {
  body: Parked;
  isSending: boolean;
  redrive: (what: object) => void;
}) {
  return (
    <Table caption="Groups" heads={["Service", "What", "Cause", "Failed", "Behind", "Last try", "Act"]}>
      {body.groups.map(({ fingerprint, service, whats, cause, failed, waiting, lastAttempt }) => (
        <tr key={`${service} ${fingerprint}`} data-group={fingerprint}>
          <th scope="row">{service}</th>
          <Cell head="What">{whats.join(", ")}</Cell>
          <Cell head="Cause">{cause}</Cell>
          <Cell head="Failed" number>
            {count(failed)}
          </Cell>
          <Cell head="Behind" number>
            {count(waiting)}
          </Cell>
          <Cell head="Last try">{moment(lastAttempt)}</Cell>
          <Cell head="Act">
            <div class="actions">
              <a href={`/parked?${new URLSearchParams({ service, group: fingerprint })}`}>Show</a>
              <button
                type="button"
                disabled={isSending || !CAN_ACT}
                aria-label={`Redrive all that failed like ${whats.join(" and ")} at ${service}`}
                onClick={() => redrive({ group: fingerprint, service })}
              >
                Redrive all
              </button>
            </div>
          </Cell>
        </tr>
      ))}
    </Table>
  );
}

interface Listed {
  body: Parked;
  isSending: boolean;
  redrive: (what: object) => void;
  discard: (entry: ParkedEntry) => void;
}

function Entries({ body, isSending, redrive, discard }: Listed) {
  return (
    <Table caption="Messages" heads={["Message", "Service", "Order", "State", "Cause", "Tries", "Act"]}>
      {body.entries.map((entry) => {
        const { id, service, key, what, state, cause, attempts, redrives } = entry;
        return (
          <tr key={id} data-entry={`${id}`}>
            <th scope="row">
              {id} {what}
            </th>
            <Cell head="Service">{service}</Cell>
            <Cell head="Order">
              <OrderLink id={key} />
            </Cell>
            <Cell head="State">
              <Badge text={state} />
            </Cell>
            <Cell head="Cause">{cause}</Cell>
            <Cell head="Tries" number>
              {attempts}
              {redrives > 0 ? ` + ${redrives}` : ""}
            </Cell>
            <Cell head="Act">
              <div class="actions">
                <button
                  type="button"
                  disabled={isSending || !CAN_ACT}
                  aria-label={`Redrive ${id} ${what} at ${service}`}
                  onClick={() => redrive({ ids: [id] })}
                >
                  Redrive
                </button>
                <button
                  type="button"
                  disabled={isSending || !CAN_ACT}
                  aria-label={`Discard ${id} ${what} at ${service}`}
                  onClick={() => discard(entry)}
                >
                  Discard…
                </button>
              </div>
            </Cell>
          </tr>
        );
      })}
    </Table>
  );
}

function told({ entries, left = 0 }: Became): string {
  const more = left > 0 ? ` ${count(left)} more are left: redrive all again.` : "";
  return `${summary(entries)}${more}`;
}

function summary(entries: Became["entries"]): string {
  if (entries.length === 0) return "There was nothing to do.";
  const [first] = entries as [Became["entries"][number]];
  if (entries.length === 1) return `${first.id}: ${first.became}${first.detail ? `, ${first.detail}` : ""}.`;
  const kinds = [...new Set(entries.map(({ became }) => became))];
  return `${kinds.map((kind) => `${count(entries.filter(({ became }) => became === kind).length)} ${kind}`).join(", ")}.`;
}

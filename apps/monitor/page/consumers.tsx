// Every consumer in a table: how it stands, what waits, and how fast it goes.

import { type Consumer, latest } from "./live.ts";
import { Badge, Cell, Table } from "./parts.tsx";
import { useStore } from "./value.ts";
import { count, rate, seconds } from "./words.ts";

const FIGURES = ["Waits", "Oldest", "In/s", "Out/s", "To zero", "Pending", "Unacked", "Redelivered", "Pulls"];
const HEADS = ["Service", "Status", ...FIGURES];

export function Consumers() {
  const snapshot = useStore(latest);
  if (!snapshot) return <p class="quiet">The monitor has not looked yet.</p>;
  return (
    <Table caption="Consumers" heads={HEADS}>
      {snapshot.consumers.map((consumer) => (
        <Row key={consumer.name} consumer={consumer} />
      ))}
    </Table>
  );
}

function Row({ consumer }: { consumer: Consumer }) {
  const { name, status, why, lag, lagSeconds, perSecondIn, perSecondOut, etaSeconds } = consumer;
  const { pending, ackPending, redelivered, waiting } = consumer;
  return (
    <tr data-consumer={name}>
      <th scope="row">
        <a href={`/services/${name}`}>{name}</a>
      </th>
      <Cell head="Status">
        <Badge text={status} /> <span class="quiet">{why}</span>
      </Cell>
      <Cell head="Waits" number>
        {count(lag)}
      </Cell>
      <Cell head="Oldest" number>
        {seconds(lagSeconds)}
      </Cell>
      <Cell head="In/s" number>
        {rate(perSecondIn)}
      </Cell>
      <Cell head="Out/s" number>
        {rate(perSecondOut)}
      </Cell>
      <Cell head="To zero" number>
        {seconds(etaSeconds)}
      </Cell>
      <Cell head="Pending" number>
        {count(pending)}
      </Cell>
      <Cell head="Unacked" number>
        {count(ackPending)}
      </Cell>
      <Cell head="Redelivered" number>
        {count(redelivered)}
      </Cell>
      <Cell head="Pulls" number>
        {count(waiting)}
      </Cell>
    </tr>
  );
}

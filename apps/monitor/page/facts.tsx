// Every fact of the flow: who says it, who hears it, and how often.

import { type FlowMap, useAnswer } from "./api.ts";
import { latest } from "./live.ts";
import { Cell, Missing, Table } from "./parts.tsx";
import { useStore } from "./value.ts";
import { rate } from "./words.ts";

export function Facts() {
  const flow = useAnswer<FlowMap>("/api/map", 0);
  const perSecond = useStore(latest)?.perSecond ?? {};
  if (!flow.body) return <Missing asked={flow} />;
  return (
    <Table caption="Facts" heads={["Fact", "Said by", "Heard by", "Per second"]}>
      {flow.body.facts.map(({ type, saidBy, heardBy }) => (
        <tr key={type} data-fact={type}>
          <th scope="row">{type}</th>
          <Cell head="Said by">{saidBy.join(", ")}</Cell>
          <Cell head="Heard by">{heardBy.join(", ")}</Cell>
          <Cell head="Per second" number>
            {rate(perSecond[type] ?? 0)}
          </Cell>
        </tr>
      ))}
    </Table>
  );
}

// The schemas that were ever written with: every event's versions, and whether this build knows them.

import { type KeptSchemas, useAnswer } from "./api.ts";
import { Cell, Missing, Table } from "./parts.tsx";
import { clock } from "./words.ts";

type KeptSchema = KeptSchemas["schemas"][number];

export function Schemas() {
  const asked = useAnswer<KeptSchemas>("/api/schemas", 15_000);
  return (
    <>
      <h1>Schemas</h1>
      <p class="quiet">What is in the bucket SCHEMAS: every version that a producer has started with.</p>
      <Missing asked={asked} />
      {asked.body ? (
        <Table caption="Schemas" heads={["Event", "Version", "Fingerprint", "Since", "This build", "Schema"]}>
          {asked.body.schemas.map((kept) => (
            <Row key={`${kept.event} ${kept.fingerprint}`} kept={kept} />
          ))}
        </Table>
      ) : null}
    </>
  );
}

function Row({ kept }: { kept: KeptSchema }) {
  const { event, version, fingerprint, at, isKnown, schema } = kept;
  return (
    <tr data-schema={`${event} ${fingerprint}`}>
      <th scope="row">{event}</th>
      <Cell head="Version">{version === null ? "unreadable" : `v${version}`}</Cell>
      <Cell head="Fingerprint">
        <code>{fingerprint}</code>
      </Cell>
      <Cell head="Since">{clock(at, Date.now())}</Cell>
      <Cell head="This build">{isKnown ? "knows it" : "learns it from the bucket"}</Cell>
      <Cell head="Schema">
        <details>
          <summary>
            Show{" "}
            <span class="hidden">
              {event} {version ?? ""}
            </span>
          </summary>
          <pre tabindex={0}>{JSON.stringify(schema, null, 2)}</pre>
        </details>
      </Cell>
    </tr>
  );
}

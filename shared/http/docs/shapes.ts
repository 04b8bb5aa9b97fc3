// The parts of the reference page that show data: tables of fields and an example below.

import { html } from "hono/html";
import type { Body, Media, Parameter } from "./document.ts";
import { type Field, field, fields } from "./fields.ts";
import { sample } from "./sample.ts";

/** What a request or a response carries, for each media type. Problems all look alike, so they get a link. */
export const content = ({ content = {} }: Body) =>
  Object.entries(content).map(([type, media]) =>
    type === "application/problem+json"
      ? html`<p class="quiet">A <a href="#problems">problem</a>, as <code>${type}</code></p>`
      : html`<p class="quiet">As <code>${type}</code></p>${shape(media)}`,
  );

/** A table of the fields, if there are any, and an example. */
export function shape(media: Media) {
  const rows = fields(media.schema ?? {});
  const value = sample(media);
  const text = typeof value === "string" ? value : JSON.stringify(value, null, 2);
  return html`${rows.length > 0 && table(rows)}
<pre tabindex="0" role="region" aria-label="Example"><code>${text}</code></pre>`;
}

const table = (rows: Field[]) => html`<table>
<thead><tr><th scope="col">Name</th><th scope="col">Meaning</th></tr></thead>
<tbody>${rows.map(
  ({ name, type, required, description }) => html`<tr>
<th scope="row"><code>${name}</code>${required && html` <small>required</small>`}</th>
<td>${description && html`<p>${description}</p>`}<p class="quiet">${type}</p></td>
</tr>`,
)}</tbody></table>`;

/** The parameters of an operation, wherever they are. */
export const parameterTable = (parameters: Parameter[]) => table(parameters.map(parameterRow));

function parameterRow({ name, in: place, required, description, schema = {} }: Parameter): Field {
  const row = field(name, schema, required);
  return { ...row, type: `${row.type}, in ${place}`, description: description ?? row.description };
}

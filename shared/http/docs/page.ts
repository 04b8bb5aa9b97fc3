// The reference page of a service: its OpenAPI document as one readable page without scripts.

import { STATUS_CODES } from "node:http";
import { html, raw } from "hono/html";
import { type Body, type Operation, type Schema, withoutRefs } from "./document.ts";
import { content, parameterTable, shape } from "./shapes.ts";
import { stylesheet } from "./style.ts";

type Entry = { id: string; method: string; path: string; operation: Operation };

/** A whole HTML page for an OpenAPI 3.1 document, everything in it escaped. */
export function docsPage(document: object) {
  const { info, paths = {}, components } = withoutRefs(document);
  const entries = Object.entries(paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, operation]) => ({
      method,
      path,
      operation,
      id: id(method, path),
    })),
  );
  const problem = components?.schemas?.Problem;

  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${info.title} reference</title>
<style>${raw(stylesheet)}</style>
</head>
<body>
<header>
<h1>${info.title}</h1>
<p class="quiet">Version ${info.version} · <a href="openapi.json">OpenAPI document</a></p>
</header>
<nav aria-label="Operations"><ul>
${entries.map(({ id, method, path }) => html`<li><a href="#${id}">${signature(method, path)}</a></li>`)}
${problem && html`<li><a href="#problems">Problems</a></li>`}
</ul></nav>
<main>
${entries.map(section)}
${problem && problems(problem)}
</main>
</body>
</html>`;
}

const id = (method: string, path: string) =>
  `${method}${path.replace(/[^a-z0-9]+/gi, "-")}`.replace(/-$/, "");

const signature = (method: string, path: string) =>
  html`<span class="method ${method}">${method.toUpperCase()}</span> <code>${breakable(path)}</code>`;

/** A path that goes on in another line at its slashes. */
const breakable = (path: string) =>
  path.split(/(?<=.)(?=\/)/).map((part, n) => html`${n > 0 && html`<wbr>`}${part}`);

function section({ id, method, path, operation }: Entry) {
  const { summary, description, deprecated, parameters = [], requestBody, responses = {} } = operation;
  return html`<section id="${id}" aria-labelledby="${id}-title">
<h2 id="${id}-title">${summary ?? `${method.toUpperCase()} ${path}`}</h2>
<p class="signature">${signature(method, path)}${deprecated && html` <strong>Deprecated</strong>`}</p>
${description && html`<p>${description}</p>`}
${parameters.length > 0 && html`<h3>Parameters</h3>${parameterTable(parameters)}`}
${requestBody && html`<h3>Request body</h3>${content(requestBody)}`}
<h3>Responses</h3>
${Object.entries(responses).map(response)}
</section>`;
}

const response = ([status, body]: [string, Body]) => html`<div class="response">
<h4 class="s${status[0]}">${status} <span>${STATUS_CODES[status]}</span></h4>
<div><p>${body.description}</p>${content(body)}</div>
</div>`;

const problems = (schema: Schema) => html`<section id="problems" aria-labelledby="problems-title">
<h2 id="problems-title">Problems</h2>
<p>Every refusal and failure is answered in one form, that of RFC 9457, as <code>application/problem+json</code>.</p>
${shape({ schema })}
</section>`;

// The story of an order, step by step: who said what because of what, and how long it took.

import type { Story } from "./api.ts";
import { span } from "./words.ts";

type Step = Story["steps"][number];

export function Timeline({ story }: { story: Story }) {
  return (
    <ol class="timeline">
      {story.steps.map((step) => (
        <Moment key={step.seq} step={step} />
      ))}
    </ol>
  );
}

function Moment({ step }: { step: Step }) {
  const { seq, at, type, saidBy, waitMs, reason, data, flags } = step;
  return (
    <li class={flags.length > 0 ? "flagged" : ""} id={`step-${seq}`}>
      <time dateTime={new Date(at).toISOString()}>{new Date(at).toISOString().slice(11, 23)}</time>
      <div>
        <p>
          <strong>{type}</strong>{" "}
          <span class="quiet">
            said by {saidBy}, {because(step)}
          </span>
          {waitMs === null ? null : <span class="wait"> +{span(waitMs)}</span>}
        </p>
        {reason === null ? null : <p class="reason">{reason}</p>}
        {flags.map((flag) => (
          <p key={flag} class="flag">
            Odd: {flag}.
          </p>
        ))}
        {data === null ? null : (
          <details>
            <summary>
              Data<span class="hidden">: {type}</span>
            </summary>
            <pre tabindex={0}>{JSON.stringify(data, null, 2)}</pre>
            <p class="quiet">
              Number {seq} in the stream{step.id ? `, id ${step.id}` : ""}
            </p>
          </details>
        )}
      </div>
    </li>
  );
}

function because({ cause }: Step): string {
  switch (cause.kind) {
    case "event":
      return `on ${cause.type}`;
    case "command":
      return `when asked to ${cause.name}`;
    case "deadline":
      return `at the ${cause.name}`;
    case "operator":
      return "as an operator";
    case "unknown":
      return "for an unknown reason";
  }
}

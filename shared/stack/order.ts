// `npm run -s order -- ID [--json]`: the story of one order, and what is expected next.

import { Inspector, type OrderStory } from "../../apps/monitor/inspect.ts";
import type { Cause, Step } from "../../apps/monitor/timeline.ts";
import { clock, span } from "../../apps/monitor/words.ts";
import { columns } from "../layout.ts";
import { createLog } from "../observability/log.ts";
import { orderIn } from "./arguments.ts";
import { FOUND_FAULT } from "./command-line.ts";
import { look, observe } from "./terminal.ts";

await look("Can't tell the order's story", async (args, { config, services }) => {
  const { orderId, json } = orderIn("order", args);
  const observer = await observe(config);
  try {
    const story = await new Inspector(observer, services, config, createLog("order", "warn")).story(orderId);
    if (!story) {
      console.error(
        `The stream has nothing about an order ${orderId}; npm run -s why -- ${orderId} asks the services as well.`,
      );
      return FOUND_FAULT;
    }
    console.log(json ? JSON.stringify(story, undefined, 2) : text(story));
    return story.steps.some(({ flags }) => flags.length > 0) ? FOUND_FAULT : 0;
  } finally {
    await observer.close();
  }
});

function text({ orderId, end, steps, expected, waiting }: OrderStory): string {
  const now = Date.now();
  const [first] = steps as [Step];
  const ending = steps.find(({ type }) => type === end);
  const state = ending
    ? `${end}, ${span(ending.at - first.at)} after it was placed`
    : `open for ${span(now - first.at)}`;
  const rows = steps.map((step) => [
    `${clock(step.at, now).replace(" UTC", "")}`,
    step.type,
    step.saidBy,
    becauseOf(step.cause),
    step.waitMs === null ? "" : `after ${span(step.waitMs)}`,
    [step.reason, step.flags.join("; ") && `! ${step.flags.join("; ")}`].filter(Boolean).join("  "),
  ]);
  const next = expected.map(({ service, kind, what, on, says, by, otherwise, commands }) => {
    const does = kind === "parked" ? "has parked" : kind === "waits" ? waitsFor(commands) : kind;
    const about = [what, on && `on ${on.type}`].filter(Boolean).join(" ");
    const then = says.length > 0 ? `: ${says.join(" or ")}` : "";
    const end = by === null ? "" : `; at ${clock(by, now)}, without an answer: ${otherwise.join(" and ")}`;
    return `  ${service} ${does} ${about}${then}${end}`;
  });
  const rest = waiting.map(({ service, missing }) => `  ${service} waits for ${missing.join(" and ")}`);
  return [
    `${orderId}: ${state}. All times are UTC.`,
    columns(rows),
    ...(next.length > 0 ? ["", "Expected next:", ...next] : []),
    ...(rest.length > 0 ? ["", "Until then:", ...rest] : []),
  ].join("\n");
}

/** What a wait is for; the name of its deadline follows. */
function waitsFor(commands: readonly string[]): string {
  return commands.length > 0
    ? `waits for a person to ${commands.join(" or ")} it, or for the`
    : "waits for the";
}

function becauseOf(cause: Cause): string {
  switch (cause.kind) {
    case "event":
      return `on ${cause.type}`;
    case "command":
    case "deadline":
      return cause.name.endsWith(cause.kind) ? cause.name : `${cause.kind} ${cause.name}`;
    case "operator":
      return "by an operator";
    case "unknown":
      return "on something unknown";
  }
}

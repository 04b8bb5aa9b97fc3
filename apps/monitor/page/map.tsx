// The flow as a live map: services with their status and lag, arrows with the facts that go along them and how many a second.

import { useState } from "hono/jsx/dom";
import { type Drawings, type FlowMap as Flow, useAnswer } from "./api.ts";
import { useEffect } from "./effect.ts";
import { type Consumer, latest } from "./live.ts";
import { Missing } from "./parts.tsx";
import { useStore } from "./value.ts";
import { count, rate, seconds } from "./words.ts";

type Drawing = Drawings["wide"];
type Box = Drawing["boxes"][number];

const LINE = 13;

export function FlowMap() {
  const flow = useAnswer<Flow>("/api/map", 0);
  const drawings = useAnswer<Drawings>("/api/map/drawing", 0);
  const isNarrow = useMedia("(max-width: 60rem)");
  if (!flow.body) return <Missing asked={flow} />;
  if (!drawings.body) return <Missing asked={drawings} />;
  return (
    <Picture
      flow={flow.body}
      drawing={isNarrow ? drawings.body.narrow : drawings.body.wide}
      names={!isNarrow}
    />
  );
}

function Picture({ flow, drawing, names }: { flow: Flow; drawing: Drawing; names: boolean }) {
  const { width, height, boxes, arrows } = drawing;
  const pad = 4;
  return (
    // biome-ignore lint/a11y/useSemanticElements: a picture with links in it, which no element of SVG is.
    <svg
      class={`map ${names ? "wide" : "narrow"}`}
      viewBox={`${-pad} ${-pad} ${width + 2 * pad} ${height + 2 * pad}`}
      role="group"
      aria-label="Map of the services and the facts between them"
    >
      <defs>
        <marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">
          <path d="M0 0.5 8 4 0 7.5z" />
        </marker>
      </defs>
      {arrows.map((arrow) => (
        <Arrow key={`${arrow.from} ${arrow.to}`} arrow={arrow} flow={flow} names={names} />
      ))}
      {boxes.map((box) => (
        <Place key={box.name} box={box} isService={flow.services.some(({ name }) => name === box.name)} />
      ))}
    </svg>
  );
}

function Arrow({ arrow, flow, names }: { arrow: Drawing["arrows"][number]; flow: Flow; names: boolean }) {
  const perSecond = useStore(latest)?.perSecond ?? {};
  const { from, to, d, label } = arrow;
  const facts =
    flow.arrows.find((one) => one.from === from && one.to === to)?.facts.map(({ type }) => type) ?? [];
  const sum = facts.reduce((total, type) => total + (perSecond[type] ?? 0), 0);
  const lines = names ? facts : [];
  const top = label ? label.y - ((lines.length - 1) * LINE) / 2 + 4 : 0;
  return (
    <g
      class={`arrow ${sum > 0 ? "busy" : ""} ${facts.length === 0 ? "command" : ""}`}
      data-from={from}
      data-to={to}
    >
      <path d={d} marker-end="url(#tip)" />
      {label &&
        lines.map((type, index) => (
          <text key={type} x={label.x} y={top + index * LINE} data-fact={type}>
            {type} <tspan class="rate">{perSecond[type] ? `${rate(perSecond[type])}/s` : ""}</tspan>
          </text>
        ))}
      {label && !names && sum > 0 ? (
        <text x={label.x} y={label.y + 4}>
          <tspan class="rate">{rate(sum)}/s</tspan>
        </text>
      ) : null}
    </g>
  );
}

/** A service; or the people, who are none. */
function Place({ box, isService }: { box: Box; isService: boolean }) {
  const consumer = useStore(latest)?.consumers.find(({ name }) => name === box.name);
  const { name, x, y, width, height } = box;
  const corner = { x: x - width / 2, y: y - height / 2, width, height };
  if (!isService) {
    return (
      <g class="box people">
        <rect {...corner} rx="3" />
        <text x={x} y={y + 4}>
          {name}
        </text>
      </g>
    );
  }
  const status = consumer?.status ?? "";
  const waits = consumer ? linesOf(consumer) : [];
  const top = y - (waits.length > 1 ? 16 : 9);
  return (
    <a href={`/services/${name}`} data-service={name}>
      <g class={`box ${status.toLowerCase().replaceAll(" ", "-")}`}>
        <rect {...corner} rx="8" />
        <text class="name" x={x} y={top}>
          {`${name} `}
        </text>
        <text class="status" x={x} y={top + 15}>
          {`${status} `}
        </text>
        {waits.map((line, index) => (
          <text key={index} class="waits" x={x} y={top + 29 + index * LINE}>
            {`${line} `}
          </text>
        ))}
      </g>
    </a>
  );
}

/** What waits, in lines that a box has room for, whatever has piled up. */
function linesOf({ lag, lagSeconds }: Consumer): string[] {
  if (lag === 0) return ["nothing waits"];
  return [`${count(lag)} ${lag === 1 ? "waits" : "wait"}`, `for ${seconds(lagSeconds)}`];
}

function useMedia(query: string): boolean {
  const [matches, setMatches] = useState(() => matchMedia(query).matches);
  useEffect(() => {
    const media = matchMedia(query);
    const listener = () => setMatches(media.matches);
    media.addEventListener("change", listener);
    return () => media.removeEventListener("change", listener);
  }, [query]);
  return matches;
}

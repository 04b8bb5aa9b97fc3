// Where services and arrows stand in the picture of the flow: Graphviz lays it out once, and the page draws how it stands now.

import { PEOPLE } from "../../shared/flow/map.ts";
import { quoted } from "../../shared/flow/quoted.ts";
import type { liveMap } from "./map.ts";

/** A picture of the flow. Everything is in pixels, from the upper left corner. */
export interface Drawing {
  readonly width: number;
  readonly height: number;
  readonly boxes: readonly Box[];
  readonly arrows: readonly Path[];
}

/** A service, or the people; `x` and `y` are its middle. */
export interface Box {
  readonly name: string;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** An arrow: its line as SVG has it, and the middle of its label where it has one. */
export interface Path {
  readonly from: string;
  readonly to: string;
  readonly d: string;
  readonly label: { readonly x: number; readonly y: number } | null;
}

/** What both pictures are made of. */
type FlowMap = ReturnType<typeof liveMap>;

/** Two pictures of one flow: one from left to right that names every fact, and one that a phone has room for. */
export async function drawings(map: FlowMap): Promise<{ wide: Drawing; narrow: Drawing }> {
  const { instance } = await import("@viz-js/viz");
  const viz = await instance();
  const draw = (dot: string) => drawing(viz.renderJSON(dot, { yInvert: true }) as Laid);
  return { wide: draw(wideDot(map)), narrow: draw(narrowDot(map)) };
}

function wideDot(map: FlowMap): string {
  // A rate is as long as the zeros that keep its place; what is drawn is smaller than what is measured.
  const labels = (facts: readonly { type: string }[]) => facts.map(({ type }) => `${type} 00.0`).join("\n");
  return dot(map, { rankdir: "LR", nodesep: 0.22, ranksep: 0.25 }, { width: 1.55, height: 0.92 }, labels);
}

function narrowDot(map: FlowMap): string {
  return dot(map, { rankdir: "TB", nodesep: 0.1, ranksep: 0.3 }, { width: 1.7, height: 0.92 }, () => "000.0");
}

function dot(
  { services, arrows, people }: FlowMap,
  graph: object,
  box: object,
  label: (facts: readonly { type: string }[]) => string,
): string {
  const actors = services.filter(({ isObserver }) => !isObserver);
  const rest = services.filter(({ isObserver }) => isObserver);
  return [
    "digraph flow {",
    `  graph ${attributes(graph)}`,
    `  node ${attributes({ ...box, shape: "box", fixedsize: true })}`,
    `  edge ${attributes({ fontsize: 11, fontname: "Helvetica" })}`,
    `  ${quoted(PEOPLE.name)} ${attributes({ width: 0.8, height: 0.4 })}`,
    ...actors.map(({ name }) => `  ${quoted(name)}`),
    ...people.map(({ to }) => `  ${quoted(PEOPLE.name)} -> ${quoted(to)}`),
    ...arrows.map(
      ({ from, to, facts }) => `  ${quoted(from)} -> ${quoted(to)} ${attributes({ label: label(facts) })}`,
    ),
    ...rest.map(({ name }) => `  ${quoted(name)}`),
    "}",
  ].join("\n");
}

function attributes(of: object): string {
  return `[${Object.entries(of)
    .map(([name, value]) => `${name}=${quoted(`${value}`)}`)
    .join(", ")}]`;
}

/** Graphviz's answer, as far as it is read. */
interface Laid {
  readonly bb: string;
  readonly objects: readonly { name: string; pos: string; width: string; height: string }[];
  readonly edges: readonly { tail: number; head: number; pos: string; lp?: string }[];
}

const INCH = 72;

function drawing({ bb, objects, edges }: Laid): Drawing {
  const corners = bb.split(",").map(Number);
  return {
    width: Math.ceil(Math.max(corners[0]!, corners[2]!)),
    height: Math.ceil(Math.max(corners[1]!, corners[3]!)),
    boxes: objects.map(({ name, pos, width, height }) => {
      const [x, y] = point(pos);
      return { name, x, y, width: Number(width) * INCH, height: Number(height) * INCH };
    }),
    arrows: edges.map(({ tail, head, pos, lp }) => {
      const [x, y] = lp ? point(lp) : [0, 0];
      return {
        from: objects[tail]!.name,
        to: objects[head]!.name,
        d: line(pos),
        label: lp ? { x, y } : null,
      };
    }),
  };
}

/** A spline such as `e,90,10 0,0 30,0 60,10 80,10`: where its arrow points, then its points. */
function line(pos: string): string {
  const parts = pos.split(" ");
  const tip = parts.find((part) => part.startsWith("e,"))?.slice(2);
  const [start, ...rest] = parts.filter((part) => /^[-\d]/.test(part)).map((part) => point(part).join(","));
  return `M${start}C${rest.join(" ")}${tip ? `L${point(tip).join(",")}` : ""}`;
}

function point(text: string): [x: number, y: number] {
  const [x, y] = text.split(",").map((part) => Math.round(Number(part) * 10) / 10);
  return [x!, y!];
}

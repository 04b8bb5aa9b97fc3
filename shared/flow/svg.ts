// The flow as an SVG, laid out by Graphviz.

import { instance } from "@viz-js/viz";
import type { AnyService } from "../service/define.ts";
import { type Arrow, type Box, PEOPLE, type Picture, picture } from "./map.ts";
import { quoted } from "./quoted.ts";

/** Dark enough on white for text. Each sender's arrows have its colour; people's come first. */
const COLOURS = ["#555555", "#1258a8", "#a34700", "#2a6f2e", "#8a1c8a", "#b3261e", "#00686b"];
const FONT = "Helvetica,Arial,sans-serif";

/** What Graphviz has no way to say of centred text: a name is large, what follows is small, a label keeps off its line. */
const HEAD = `<title>The flow of facts between the services</title>
<style>
.edge text { transform: translateY(-3px) }
.node text { font-size: 11px }
.node title + * + text { font-size: 14px; font-weight: bold }
</style>`;

/** The flow as an SVG on a white ground. The same tables always give the same text. */
export async function flowSvg(services: readonly AnyService[]): Promise<string> {
  const viz = await instance();
  const svg = viz.renderString(dot(picture(services)), { format: "svg" });
  return svg
    .slice(svg.indexOf("<svg"))
    .replace(/<!--[\s\S]*?-->\n?/g, "")
    .replace(/<svg ([^>]*)>/, (_, attributes) => `<svg role="img" ${attributes}>\n${HEAD}`);
}

/** The picture in Graphviz's language. The boxes have room for fonts that are wider than the one it measures with. */
export function dot({ services, arrows }: Picture): string {
  const names = [PEOPLE.name, ...services.map(({ name }) => name)];
  const colour = (name: string) => COLOURS[names.indexOf(name) % COLOURS.length]!;
  const hasPeople = arrows.some(({ from }) => from === PEOPLE.name);
  return [
    "digraph flow {",
    '  graph [rankdir=LR, bgcolor="white", pad=0.3, nodesep=0.4, ranksep=0.5]',
    `  node [shape=box, fillcolor="#f6f8fa", penwidth=1.5, fontsize=12, margin="0.4,0.12", fontname="${FONT}"]`,
    `  edge [fontsize=11, arrowsize=0.8, fontname="${FONT}"]`,
    ...(hasPeople ? [node(PEOPLE.name, PEOPLE.lines, "filled", colour(PEOPLE.name))] : []),
    ...services.map((box) => node(box.name, lines(box), "rounded,filled", colour(box.name))),
    ...arrows.map((arrow) => edge(arrow, colour(arrow.from))),
    "}",
  ].join("\n");
}

function lines({ name, notes }: Box): string[] {
  return [name, ...notes];
}

function node(name: string, lines: readonly string[], style: string, colour: string): string {
  return `  ${quoted(name)} [style="${style}", color="${colour}", label=${quoted(lines.join("\n"))}]`;
}

/** The blanks around a label keep other arrows off it. */
function edge({ from, to, labels }: Arrow, colour: string): string {
  const label = quoted(labels.map((text) => `   ${text}   `).join("\n"));
  return `  ${quoted(from)} -> ${quoted(to)} [color="${colour}", fontcolor="${colour}", label=${label}]`;
}

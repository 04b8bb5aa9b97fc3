// How many facts came in and how many events waited, as charts.

import { useRef } from "hono/jsx/dom";
import uPlot from "uplot";
import type { History } from "./api.ts";
import { useEffect } from "./effect.ts";
import { past } from "./past.ts";
import { useStore } from "./value.ts";
import { count, rate } from "./words.ts";

const COLOURS = ["--c1", "--c2", "--c3", "--c4", "--c5", "--c6", "--c7"];

/** The charts; of one service alone if it is named. */
export function Charts({ service }: { service?: string }) {
  const history = useStore(past);
  const names = Object.keys(history.lag).filter((name) => service === undefined || name === service);
  if (history.at.length < 2) return <p class="quiet">The monitor has not looked often enough yet.</p>;
  const last = (values: number[] | undefined) => values?.at(-1) ?? 0;
  const waiting = names.map((name) => `${name} ${count(last(history.lag[name]))}`).join(", ");
  return (
    <div class="charts">
      {service ? null : (
        <Chart
          title="Facts per second"
          summary={`now ${rate(last(history.facts))}`}
          lines={["facts"]}
          columns={[history.facts]}
          history={history}
        />
      )}
      <Chart
        title="Events that wait"
        summary={`now ${waiting}`}
        lines={names}
        columns={names.map((name) => history.lag[name]!)}
        history={history}
      />
    </div>
  );
}

interface Shown {
  title: string;
  summary: string;
  lines: string[];
  columns: number[][];
  history: History;
}

function Chart({ title, summary, lines, columns, history }: Shown) {
  const place = useRef<HTMLDivElement>(null);
  const chart = useRef<uPlot | undefined>(undefined);
  const data: uPlot.AlignedData = [history.at.map((at) => at / 1_000), ...columns];
  const key = lines.join(" ");

  useEffect(() => {
    const element = place.current!;
    const draw = () => {
      chart.current?.destroy();
      chart.current = new uPlot(options(lines, element.clientWidth), data, element);
    };
    draw();
    const resized = new ResizeObserver(() =>
      chart.current?.setSize({ width: element.clientWidth, height: HEIGHT }),
    );
    resized.observe(element);
    const dark = matchMedia("(prefers-color-scheme: dark)");
    dark.addEventListener("change", draw);
    return () => {
      resized.disconnect();
      dark.removeEventListener("change", draw);
      chart.current?.destroy();
      chart.current = undefined;
    };
  }, [key]);

  useEffect(() => {
    chart.current?.setData(data);
  }, [history]);

  return (
    <figure>
      <figcaption>
        {title} <span class="quiet">{lines.length === 1 ? summary : ""}</span>
      </figcaption>
      <div ref={place} role="img" aria-label={`${title}: ${summary}`} />
    </figure>
  );
}

const HEIGHT = 190;
/** The least room for a tick of the time axis, in pixels: its label and a gap. */
const TIME_SPACE = 80;

function options(lines: string[], width: number): uPlot.Options {
  const colour = (name: string) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const colourOf = (line: number) => colour(COLOURS[line % COLOURS.length]!);
  const axis = {
    stroke: colour("--quiet"),
    grid: { stroke: colour("--line"), width: 1 },
    ticks: { show: false },
  };
  return {
    width,
    height: HEIGHT,
    tzDate: (at) => uPlot.tzDate(new Date(at * 1_000), "Etc/UTC"),
    cursor: { y: false },
    legend: {
      show: lines.length > 1,
      live: false,
      markers: { width: 0, fill: (_, line) => colourOf(line - 1) },
    },
    scales: { y: { range: (_, __, max) => [0, Math.max(1, max * 1.1)] } },
    axes: [
      { ...axis, size: 30, space: TIME_SPACE, values: times },
      { ...axis, size: 52 },
    ],
    series: [
      {},
      ...lines.map((label, index) => ({
        label,
        stroke: colourOf(index),
        width: 1.5,
        points: { show: false },
      })),
    ],
  };
}

/** Labels for the ticks of the time axis, with seconds only where ticks are less than a minute apart. */
function times(_: uPlot, ticks: number[]): string[] {
  const length = ticks.length > 1 && ticks[1]! - ticks[0]! < 60 ? 8 : 5;
  return ticks.map((at) => new Date(at * 1_000).toISOString().slice(11, 11 + length));
}

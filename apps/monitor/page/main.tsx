// Where the page's script begins.

import { render } from "hono/jsx/dom";
import { App } from "./app.tsx";
import "uplot/dist/uPlot.min.css";
import "./style.css";

const root = document.getElementById("page")!;
render(<App />, root);

import { run } from "../../shared/service/run.ts";
import { figures } from "./figures.ts";
import { routes } from "./http.ts";
import { orders } from "./service.ts";

await run("orders", () => ({ service: orders, port: undefined, routes, figures }));

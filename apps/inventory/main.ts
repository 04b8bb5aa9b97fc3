import { run } from "../../shared/service/run.ts";
import { routes } from "./http.ts";
import { inventory } from "./service.ts";

await run("inventory", () => ({ service: inventory, port: undefined, routes }));

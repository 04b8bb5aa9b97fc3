import { run } from "../../shared/service/run.ts";
import { routes } from "./http.ts";
import { analytics } from "./service.ts";

await run("analytics", () => ({
  service: analytics,
  port: undefined,
  routes: (app, { engine }) => routes(app, engine.store),
}));

import { run } from "../../shared/service/run.ts";
import { routes } from "./http.ts";
import { risk } from "./service.ts";

await run("risk", ({ config }) => ({
  service: risk({ reviewFromCents: config.RISK_REVIEW_FROM_CENTS, reviewMs: config.RISK_REVIEW_DEADLINE_MS }),
  port: undefined,
  routes,
}));

import { run } from "../../shared/service/run.ts";
import { risk } from "./service.ts";

await run("risk", ({ config }) => ({ service: risk(config.RISK_REVIEW_FROM_CENTS), port: undefined }));

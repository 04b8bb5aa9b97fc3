import { run } from "../../shared/service/run.ts";
import { sandboxCarrier } from "./carrier.ts";
import { shipping } from "./service.ts";

await run("shipping", () => ({ service: shipping, port: sandboxCarrier }));

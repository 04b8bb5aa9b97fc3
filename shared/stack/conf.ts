// `npm run conf`: writes nats.conf from the reaction tables.

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { allServices } from "../../apps/services.ts";
import { loadConfig } from "../config.ts";
import { natsConf } from "../nats/conf.ts";
import { projectRoot } from "./project.ts";

writeFileSync(join(projectRoot, "nats.conf"), natsConf(allServices(loadConfig({}))));

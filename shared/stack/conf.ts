// `npm run conf`: writes nats.conf from the reaction tables.

import { allServices } from "../../apps/services.ts";
import { loadConfig } from "../config.ts";
import { natsConf } from "../nats/conf.ts";
import { flag, understood } from "./arguments.ts";
import { renew } from "./renew.ts";

understood((args) => flag("conf", args, []));
console.log(renew("nats.conf", natsConf(allServices(loadConfig({})))));

// Every service of the flow: what streams, consumers, permissions and the stack are derived from.

import type { Config } from "../shared/config.ts";
import type { AnyService } from "../shared/service/define.ts";
import { analytics } from "./analytics/service.ts";
import { inventory } from "./inventory/service.ts";
import { notifications } from "./notifications/service.ts";
import { orders } from "./orders/service.ts";
import { payments } from "./payments/service.ts";
import { risk } from "./risk/service.ts";
import { shipping } from "./shipping/service.ts";

/** What of the configuration the services' decisions depend on. */
export type Policy = Pick<
  Config,
  "RISK_REVIEW_FROM_CENTS" | "RISK_REVIEW_DEADLINE_MS" | "GATEWAY_DEADLINE_MS" | "CARRIER_DEADLINE_MS"
>;

/** All services, in the order in which an order meets them. */
export function allServices(config: Policy): AnyService[] {
  return [
    orders,
    inventory,
    risk({ reviewFromCents: config.RISK_REVIEW_FROM_CENTS, reviewMs: config.RISK_REVIEW_DEADLINE_MS }),
    payments({ gatewayMs: config.GATEWAY_DEADLINE_MS }),
    shipping({ carrierMs: config.CARRIER_DEADLINE_MS }),
    notifications,
    analytics,
  ];
}

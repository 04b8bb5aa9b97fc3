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

/** All services, in the order in which an order meets them. */
export function allServices(config: Pick<Config, "RISK_REVIEW_FROM_CENTS">): AnyService[] {
  return [
    orders,
    inventory,
    risk(config.RISK_REVIEW_FROM_CENTS),
    payments,
    shipping,
    notifications,
    analytics,
  ];
}

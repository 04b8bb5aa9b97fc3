// The commands that the monitor advises, as they are typed where the stack runs: under `npm start`, or with Docker Compose.

import { type Config, serviceUrl } from "../../shared/config.ts";
import { FLOW_STREAM } from "../../shared/nats/topology.ts";
import { ORDERS } from "./ask.ts";

/** Commands that harm nothing. */
export interface Advice {
  restart(service: string): string;
  /** Brings NATS back. */
  startNats(): string;
  showParked(id: number): string;
  showOrder(orderId: string): string;
  /** Asks the service orders, which knows an order for longer than the stream does. */
  askForOrder(orderId: string): string;
  /** Asks it for the newest orders: for who has an id that nobody knows. */
  listOrders(): string;
  /** Ends a pause that somebody has given a consumer; typed by who has a NATS user that may. */
  resume(service: string): string;
  /** Where a person answers what they are asked of an order: not a command, since what it does is up to them. */
  reviewAt(orderId: string): string;
}

/** The commands for a stack with this configuration. */
export function adviceFor(config: Config): Advice {
  const inContainers = config.SERVICE_URL?.includes("{service}") ?? false;
  // From outside the containers, services are on this machine's ports.
  const outside = { ...config, SERVICE_URL: inContainers ? undefined : config.SERVICE_URL };
  const listOrders = () => `curl ${serviceUrl(outside, ORDERS)}/orders`;
  const askForOrder = (orderId: string) => `${listOrders()}/${orderId}`;
  const resume = (service: string) => `nats consumer resume ${FLOW_STREAM} ${service}`;
  const reviewAt = (orderId: string) => `${serviceUrl(outside, "risk")}/reviews/${orderId}`;
  if (inContainers) {
    return {
      restart: (service) => `docker compose restart ${service}`,
      startNats: () => "docker compose restart nats",
      showParked: (id) => `docker compose run --rm parked show ${id}`,
      showOrder: (orderId) => `docker compose exec monitor node dist/shared/stack/order.js ${orderId}`,
      askForOrder,
      listOrders,
      resume,
      reviewAt,
    };
  }
  return {
    restart: (service) => `npm run -s restart -- ${service}`,
    startNats: () => "npm start",
    showParked: (id) => `npm run -s parked -- show ${id}`,
    showOrder: (orderId) => `npm run -s order -- ${orderId}`,
    askForOrder,
    listOrders,
    resume,
    reviewAt,
  };
}

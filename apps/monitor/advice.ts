// The commands that the monitor advises, as they are typed where the stack runs: under `npm start`, or with Docker Compose.

import { type Config, serviceUrl } from "../../shared/config.ts";
import { FLOW_STREAM } from "../../shared/nats/topology.ts";

/** Commands that harm nothing. */
export interface Advice {
  restart(service: string): string;
  /** Brings NATS back. */
  startNats(): string;
  showParked(id: number): string;
  showOrder(orderId: string): string;
  /** Asks the service orders, which knows an order for longer than the stream does. */
  askForOrder(orderId: string): string;
  /** Ends a pause that somebody has given a consumer; typed by who has a NATS user that may. */
  resume(service: string): string;
  /** Answers what a person is asked of an order. */
  review(orderId: string): string;
}

/** The commands for a stack with this configuration. */
export function adviceFor(config: Config): Advice {
  const inContainers = config.SERVICE_URL?.includes("{service}") ?? false;
  // From outside the containers, services are on this machine's ports.
  const outside = { ...config, SERVICE_URL: inContainers ? undefined : config.SERVICE_URL };
  const askForOrder = (orderId: string) => `curl ${serviceUrl(outside, "orders")}/orders/${orderId}`;
  const resume = (service: string) => `nats consumer resume ${FLOW_STREAM} ${service}`;
  const review = (orderId: string) =>
    `curl ${serviceUrl(outside, "risk")}/reviews/${orderId} -H 'content-type: application/json' -d '{"decision": "approve"}'`;
  if (inContainers) {
    return {
      restart: (service) => `docker compose up -d ${service}`,
      startNats: () => "docker compose up -d nats",
      showParked: (id) => `docker compose run --rm parked show ${id}`,
      showOrder: (orderId) => `docker compose exec monitor node dist/shared/stack/order.js ${orderId}`,
      askForOrder,
      resume,
      review,
    };
  }
  return {
    restart: (service) => `npm run -s restart -- ${service}`,
    startNats: () => "npm start",
    showParked: (id) => `npm run -s parked -- show ${id}`,
    showOrder: (orderId) => `npm run -s order -- ${orderId}`,
    askForOrder,
    resume,
    review,
  };
}

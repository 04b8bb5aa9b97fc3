// Connects to NATS and stays connected, however often the broker goes away.

import { connect, type NatsConnection } from "nats";
import { inboxPrefix } from "./topology.ts";

const RECONNECT_EVERY_MS = 250;

/** Who connects, and where to. */
export interface Account {
  readonly url: string;
  readonly user: string;
  readonly password: string;
}

/**
 * Connects, waiting for a broker that is not there yet when `wait` is true; afterwards it reconnects for ever.
 * Rejects when the broker refuses the user, or at once when it is not there and `wait` is false.
 */
export function connectNats({ url, user, password }: Account, wait: boolean): Promise<NatsConnection> {
  let attempts = 0;
  return connect({
    servers: url,
    user,
    pass: password,
    name: user,
    inboxPrefix: inboxPrefix(user),
    waitOnFirstConnect: wait,
    maxReconnectAttempts: -1,
    // The client's own wait goes by the wall clock: where that is set back by an hour, it would last an hour longer.
    reconnectDelayHandler: () => Number.NEGATIVE_INFINITY,
    reconnectToServer: ([server]) => ({ server: server!, delay: attempts++ === 0 ? 0 : RECONNECT_EVERY_MS }),
    pingInterval: 2_000, // A broker that hangs is noticed after two of them.
    maxPingOut: 2,
    noAsyncTraces: true, // A stack trace for every request would cost more than the request.
  });
}

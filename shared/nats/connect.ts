// Connects to NATS and stays connected, however often the broker goes away.

import { setTimeout as sleep } from "node:timers/promises";
import { type ConnectionOptions, connect, type NatsConnection } from "nats";
import { inboxPrefix } from "./topology.ts";

const RECONNECT_EVERY_MS = 250;
/** A broker that hangs takes connections, and says nothing: who waits for it anyway gives each try the client's 20 s. */
const ANSWERS_WITHIN_MS = 5_000;

/** Who connects, and where to. */
export interface Account {
  readonly url: string;
  readonly user: string;
  readonly password: string;
}

/**
 * Connects, waiting for a broker that is not there yet when `wait` is true; afterwards it reconnects for ever.
 * Rejects when the broker refuses the user, or, when `wait` is false, at once if it is not there and after 5 s if it hangs.
 */
export async function connectNats(account: Account, wait: boolean): Promise<NatsConnection> {
  for (;;) {
    try {
      return await connectOnce(account, wait ? {} : { timeout: ANSWERS_WITHIN_MS });
    } catch (error) {
      if (!wait || isRefusal(error as Error)) throw error;
      await sleep(RECONNECT_EVERY_MS);
    }
  }
}

function connectOnce({ url, user, password }: Account, more: ConnectionOptions): Promise<NatsConnection> {
  let attempts = 0;
  return connect({
    servers: url,
    user,
    pass: password,
    name: user,
    inboxPrefix: inboxPrefix(user),
    ...more,
    maxReconnectAttempts: -1,
    // The client takes a handshake that took too long for a refusal, and would give up at the second one in its life.
    ignoreAuthErrorAbort: true,
    // The client's own wait goes by the wall clock: where that is set back by an hour, it would last an hour longer.
    reconnectDelayHandler: () => Number.NEGATIVE_INFINITY,
    reconnectToServer: ([server]) => ({ server: server!, delay: attempts++ === 0 ? 0 : RECONNECT_EVERY_MS }),
    pingInterval: 2_000, // A broker that hangs is noticed after two of them.
    maxPingOut: 2,
    noAsyncTraces: true, // A stack trace for every request would cost more than the request.
  });
}

/** Why there is no connection, for who does not wait for one. */
export function whyNot({ url, user }: Account, cause: Error): Error {
  const sentence = isRefusal(cause)
    ? `NATS at ${url} does not let ${user} in with this password: is it that of another stack?`
    : `NATS does not answer at ${url} (${cause.message}): is the stack running?`;
  return new Error(sentence, { cause });
}

/** Whether the broker does not let the user in, as opposed to not being there, or not in time. */
function isRefusal({ name, message }: Error): boolean {
  return name === "AuthorizationError" && /violation/i.test(message);
}

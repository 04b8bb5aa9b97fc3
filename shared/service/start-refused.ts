// Why a service does not start, where only a person can help.

/** A service must not run like this, and trying again would not help; the message says why, and what to do. */
export class StartRefusedError extends Error {
  override name = "StartRefusedError";
}

/** The exit code of a service that can only start once its database is put back or rebuilt, for which the others have to run. */
export const AWAITS_DATABASE = 3;

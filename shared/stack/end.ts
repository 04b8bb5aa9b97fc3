// How the stack's commands end: by themselves, or because they are told to.

/** Ends the process once all is printed: the client never lets go of a broker that takes a connection and says nothing. */
export function end(code: number): void {
  process.stdout.write("", () => process.exit(code));
}

/** Aborts when the process is told to stop, which does not end it any more. */
export function stopSignal(): AbortSignal {
  const stop = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => stop.abort());
  return stop.signal;
}

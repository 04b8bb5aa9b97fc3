// How commands end that talk to NATS.

/** Ends the process once all is printed: the client never lets go of a broker that takes a connection and says nothing. */
export function end(code: number): void {
  process.stdout.write("", () => process.exit(code));
}

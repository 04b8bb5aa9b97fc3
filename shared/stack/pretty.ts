// Makes log lines readable for a person at a terminal.

import { prettyFactory } from "pino-pretty";

const format = prettyFactory({
  colorize: process.stdout.isTTY === true,
  ignore: "service",
  messageFormat: "{service}: {msg}",
  translateTime: "SYS:HH:MM:ss.l",
  singleLine: true,
});

/** A log line for people; a line that is not JSON is passed on as it is. Ends in a line feed. */
export function pretty(line: string): string {
  if (!line.startsWith("{")) return `${line}\n`;
  try {
    return format(JSON.parse(line)) ?? "";
  } catch {
    return `${line}\n`;
  }
}

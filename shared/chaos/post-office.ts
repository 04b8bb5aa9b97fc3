// A real SMTP server on a free port of this machine, which hands on what it is sent.

import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { type ParsedMail, simpleParser } from "mailparser";
import { SMTPServer } from "smtp-server";

/** Where to send mail, and how to close it. */
export interface PostOffice {
  readonly url: string;
  close(): Promise<void>;
}

/** Opens a post office that gives each mail to `take` before it says that it has it. */
export async function openPostOffice(take: (mail: ParsedMail) => void): Promise<PostOffice> {
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ["STARTTLS", "AUTH"],
    onData: (stream, _session, done) => {
      simpleParser(stream).then((mail) => {
        take(mail);
        done();
      }, done);
    },
  });
  server.on("error", () => {}); // A client that is killed in mid-sentence.
  const listener = server.listen(0, "127.0.0.1");
  await once(listener, "listening");
  const { port } = listener.address() as AddressInfo;
  return {
    url: `smtp://127.0.0.1:${port}`,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

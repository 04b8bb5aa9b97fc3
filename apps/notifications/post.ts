// How mail leaves: over SMTP, or kept in a table where it can be read.

import type { Database } from "better-sqlite3";
import { createTransport } from "nodemailer";
import { PermanentFault } from "../../shared/service/calls.ts";
import type { Mail } from "./decisions.ts";

/**
 * Takes mail. Rejects when it can't be taken now, and with a `PermanentFault` when it never will be. A repeat of the
 * same id may send it again, under the same id; what is aborted before it was handed over is not sent after all.
 */
export interface Post {
  send(mail: Mail, signal: AbortSignal): Promise<void>;
}

/** A mail that was kept. */
export interface KeptMail extends Mail {
  readonly messageId: string;
  readonly sentAt: string;
}

/** Mail kept in a table, each id once. */
export interface KeptPost extends Post {
  /** Oldest first, those after the mail numbered `after`. */
  list(filter: { to?: string | undefined; after: number; limit: number }): (KeptMail & { number: number })[];
}

/** The most mails that go out over SMTP at once: as many as there are connections, so that none waits inside. */
export const SMTP_CONNECTIONS = 5;

const SMTP_CONNECT_MS = 3_000;
/** How long a connection is kept that nobody uses. */
const SMTP_IDLE_MS = 2_000;
/** As long as a call may take: a server that is slow to answer for what it was handed is not handed it again sooner. */
const SMTP_SILENCE_MS = 15_000;
/** How many mails that were taken are remembered: they do not go out again when their call is repeated for another one. */
const TAKEN_KNOWN = 10_000;

/** The Message-ID of a mail: derived from the fact, so that mail programs recognise a repeat. */
export function messageId({ id }: Mail): string {
  return `<${id}@quadrille.example>`;
}

/**
 * Sends through the SMTP server at `url`, with a pool of connections. One whose mail is given up is cut at once: before
 * the final dot the mail is not sent after all, however slowly the server goes on. When the dot is out already, the server
 * may have the mail and we can't know: then it goes out again, as it does after a crash.
 */
export function smtpPost(url: string, from: string): Post {
  const transport = createTransport({
    url,
    pool: true,
    maxConnections: SMTP_CONNECTIONS,
    connectionTimeout: SMTP_CONNECT_MS,
    greetingTimeout: SMTP_CONNECT_MS,
    idleTimeout: SMTP_IDLE_MS,
    socketTimeout: SMTP_SILENCE_MS,
    socketCloseTimeout: 0,
  });
  const taken = new Set<string>();
  return {
    async send(mail, signal) {
      signal.throwIfAborted();
      const { id, to, subject, text } = mail;
      if (taken.has(id)) return;
      try {
        await transport.sendMail({ from, to, subject, text, messageId: messageId(mail), signal });
      } catch (error) {
        if (isAboutTheMail(error as SmtpError))
          throw new PermanentFault(`the mail server refuses it: ${(error as Error).message}`);
        throw error;
      }
      taken.add(id);
      if (taken.size > TAKEN_KNOWN) taken.delete(taken.values().next().value!);
    },
  };
}

type SmtpError = Error & { code?: string; command?: string; responseCode?: number };

/** Whether this mail will never be taken; a greeting, login or sender that is refused would be so for all of them. */
function isAboutTheMail({ code, command, responseCode = 500 }: SmtpError): boolean {
  return (code === "EENVELOPE" || code === "EMESSAGE") && command !== "MAIL FROM" && responseCode >= 500;
}

/** Keeps mail in `db` instead of sending it. */
export function keptPost(db: Database): KeptPost {
  db.exec(`CREATE TABLE IF NOT EXISTS mails (
    number     INTEGER PRIMARY KEY AUTOINCREMENT,
    message_id TEXT NOT NULL UNIQUE,
    recipient  TEXT NOT NULL,
    mail       TEXT NOT NULL,
    sent_at    INTEGER NOT NULL
  );
  CREATE INDEX IF NOT EXISTS mails_by_recipient ON mails (recipient, number);`);
  const insert = db.prepare(
    "INSERT OR IGNORE INTO mails (message_id, recipient, mail, sent_at) VALUES (?, ?, ?, ?)",
  );
  const all = db.prepare("SELECT * FROM mails WHERE number > ? ORDER BY number LIMIT ?");
  const to = db.prepare("SELECT * FROM mails WHERE recipient = ? AND number > ? ORDER BY number LIMIT ?");
  return {
    async send(mail) {
      insert.run(messageId(mail), mail.to, JSON.stringify(mail), Date.now());
    },
    list({ to: recipient, after, limit }) {
      const rows = recipient ? to.all(recipient, after, limit) : all.all(after, limit);
      return (rows as Row[]).map(({ number, message_id, mail, sent_at }) => ({
        number,
        ...(JSON.parse(mail) as Mail),
        messageId: message_id,
        sentAt: new Date(sent_at).toISOString(),
      }));
    },
  };
}

interface Row {
  number: number;
  message_id: string;
  mail: string;
  sent_at: number;
}

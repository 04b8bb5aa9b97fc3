// A real SMTP server that keeps what it is sent.

import type { ParsedMail } from "mailparser";
import { openPostOffice, type PostOffice } from "../../shared/chaos/post-office.ts";

/** The mails that arrived, and where to send more. */
export interface Mailbox extends PostOffice {
  readonly mails: readonly ParsedMail[];
}

/** Opens a mailbox on a free port of this machine. */
export async function openMailbox(): Promise<Mailbox> {
  const mails: ParsedMail[] = [];
  return { ...(await openPostOffice((mail) => mails.push(mail))), mails };
}

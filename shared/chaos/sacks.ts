// The mails that arrived, by their Message-ID: of each how often it came, and what it says.

import type { ParsedMail } from "mailparser";

/** A mail as the laws look at it. */
export interface Mail {
  readonly id: string;
  readonly to: string;
  readonly subject: string;
  readonly text: string;
}

/** What the post office has taken. */
export class Sacks {
  /** All mails by the id of the fact that they tell of; repeats that say the same are not kept. */
  readonly byId = new Map<string, Mail[]>();
  /** How many came again: SMTP is at least once, and the Message-ID tells. */
  repeats = 0;

  take({ messageId, to, subject = "", text = "" }: ParsedMail): void {
    const id = /^<(.*)@/.exec(messageId ?? "")?.[1] ?? "";
    const mail = {
      id,
      to: [to ?? []]
        .flat()
        .map((one) => one.text)
        .join(),
      subject,
      text,
    };
    const known = this.byId.get(id);
    if (!known) this.byId.set(id, [mail]);
    else {
      this.repeats++;
      if (!known.some((other) => JSON.stringify(other) === JSON.stringify(mail))) known.push(mail);
    }
  }
}

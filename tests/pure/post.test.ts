// Real mail to a real SMTP server.

import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { SMTPServer } from "smtp-server";
import { afterEach, expect, test } from "vitest";
import { smtpPost } from "../../apps/notifications/post.ts";
import { PermanentFault } from "../../shared/service/calls.ts";
import { openMailbox } from "../support/mailbox.ts";

const mail = { id: "o-1.abc", to: "ada@example.com", subject: "Your order", text: "Hello." };
const going = new AbortController().signal;

let close = async () => {};
afterEach(() => close());

type Step = "onConnect" | "onMailFrom" | "onRcptTo" | "onData";

/** An SMTP server that answers a step of every mail with `code`. */
async function refusing(code: number, step: Step = "onRcptTo"): Promise<string> {
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ["STARTTLS", "AUTH"],
    [step]: (...parts: unknown[]) => {
      const done = parts.at(-1) as (error: Error) => void;
      done(Object.assign(new Error("no"), { responseCode: code }));
    },
  });
  const listener = server.listen(0, "127.0.0.1");
  await once(listener, "listening");
  close = () => new Promise((resolve) => server.close(() => resolve()));
  return `smtp://127.0.0.1:${(listener.address() as AddressInfo).port}`;
}

test("a mail goes out once, with a Message-ID derived from its fact", async () => {
  const mailbox = await openMailbox();
  close = mailbox.close;
  await smtpPost(mailbox.url, "shop@example.com").send(mail, going);
  expect(mailbox.mails.map(({ messageId, subject }) => ({ messageId, subject }))).toEqual([
    { messageId: "<o-1.abc@quadrille.example>", subject: "Your order" },
  ]);
});

test("a mail whose caller has given up is not sent", async () => {
  const mailbox = await openMailbox();
  close = mailbox.close;
  const post = smtpPost(mailbox.url, "shop@example.com");
  await expect(post.send(mail, AbortSignal.abort(new Error("given up")))).rejects.toThrow("given up");
  expect(mailbox.mails).toEqual([]);
});

test("a mail that the server will never take is a permanent fault, one that it can't take now is not", async () => {
  const post = async (code: number) => smtpPost(await refusing(code), "shop@example.com").send(mail, going);
  await expect(post(550)).rejects.toBeInstanceOf(PermanentFault);
  await close();
  await expect(post(450)).rejects.not.toBeInstanceOf(PermanentFault);
});

test("a mail server that lets nobody in, or no mail of ours, says nothing of the one mail: it is tried again", async () => {
  for (const step of ["onConnect", "onMailFrom"] as const) {
    const post = smtpPost(await refusing(554, step), "shop@example.com");
    await expect(post.send(mail, going)).rejects.toThrow("no");
    await expect(post.send(mail, going)).rejects.not.toBeInstanceOf(PermanentFault);
    await close();
  }
  const post = smtpPost(await refusing(554, "onData"), "shop@example.com");
  await expect(post.send(mail, going)).rejects.toBeInstanceOf(PermanentFault);
});

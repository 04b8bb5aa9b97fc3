// Real mail to a real SMTP server.

import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { SMTPServer } from "smtp-server";
import { afterEach, expect, test, vi } from "vitest";
import { SMTP_CONNECTIONS, smtpPost } from "../../apps/notifications/post.ts";
import { PermanentFault } from "../../shared/service/calls.ts";
import { openMailbox } from "../support/mailbox.ts";

const mail = { id: "o-1.abc", to: "ada@example.com", subject: "Your order", text: "Hello." };
const going = new AbortController().signal;
const patiently = { timeout: 10_000 };

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

/** An SMTP server that answers everything once `hears` has heard it, and talks on when the other side has hung up. */
async function slow(hears: (line: string) => unknown) {
  const open = new Set<Socket>();
  const seen = { open, most: 0, connections: 0, taken: 0 };
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    open.add(socket);
    seen.connections++;
    seen.most = Math.max(seen.most, open.size);
    socket.on("end", async () => {
      for (let n = 0; n < 10; n++, await sleep(5)) socket.write("250 well\r\n");
    });
    socket.on("error", () => {}); // Nobody is there any more.
    socket.on("close", () => open.delete(socket));
    let isText = false;
    socket.write("220 hello\r\n");
    createInterface({ input: socket }).on("line", async (line) => {
      if (isText && line !== ".") return;
      if (isText) seen.taken++;
      await hears(line);
      isText = line === "DATA";
      socket.write(isText ? "354 go on\r\n" : "250 well\r\n");
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  close = async () => {
    server.close();
    for (const socket of open) socket.destroy();
  };
  return { url: `smtp://127.0.0.1:${(server.address() as AddressInfo).port}`, seen };
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

test("a mail that is given up is not sent after all, however slowly the server goes on", async () => {
  for (const step of ["EHLO", "MAIL", "RCPT", "DATA"]) {
    const caller = new AbortController();
    const { url, seen } = await slow((line) => line.startsWith(step) && caller.abort(new Error("given up")));
    await expect(smtpPost(url, "shop@example.com").send(mail, caller.signal)).rejects.toThrow("aborted");
    await vi.waitFor(() => expect(seen.open.size).toBe(0), patiently);
    expect(seen).toMatchObject({ connections: 1, taken: 0 });
    await close();
  }
});

test("the connection of a mail that was given up is not used again, and there are never more than mails at once", async () => {
  let stuck = 0;
  let isQuick = false;
  const { url, seen } = await slow((line) => {
    if (!isQuick && line.startsWith("MAIL")) return new Promise(() => stuck++);
  });
  const post = smtpPost(url, "shop@example.com");
  const send = (batch: string, signal: AbortSignal) =>
    Promise.allSettled(
      Array.from({ length: SMTP_CONNECTIONS }, (_, n) => post.send({ ...mail, id: `${batch}-${n}` }, signal)),
    );

  const caller = new AbortController();
  const givenUp = send("stuck", caller.signal);
  await vi.waitFor(() => expect(stuck).toBe(SMTP_CONNECTIONS), patiently);
  caller.abort();
  expect((await givenUp).map(({ status }) => status)).not.toContain("fulfilled");
  await vi.waitFor(() => expect(seen.open.size).toBe(0), patiently);

  isQuick = true;
  for (const batch of ["first", "second"])
    expect((await send(batch, going)).map(({ status }) => status)).not.toContain("rejected");
  expect(seen.connections).toBeGreaterThanOrEqual(2 * SMTP_CONNECTIONS);
  expect(seen.connections, "some are used again").toBeLessThan(3 * SMTP_CONNECTIONS);
  expect(seen).toMatchObject({
    most: SMTP_CONNECTIONS,
    taken: 2 * SMTP_CONNECTIONS,
  });
});

test("a mail that was taken does not go out again when its call is repeated for another one", async () => {
  const mailbox = await openMailbox();
  close = mailbox.close;
  const post = smtpPost(mailbox.url, "shop@example.com");
  await post.send(mail, going);
  await post.send(mail, going);
  await post.send({ ...mail, id: "o-1.def" }, going);
  expect(mailbox.mails.map(({ messageId }) => messageId)).toEqual([
    "<o-1.abc@quadrille.example>",
    "<o-1.def@quadrille.example>",
  ]);
});

import { join } from "node:path";
import { openDatabase } from "../../shared/service/database.ts";
import { run } from "../../shared/service/run.ts";
import { routes } from "./http.ts";
import { keptPost, SMTP_CONNECTIONS, smtpPost } from "./post.ts";
import { notifications } from "./service.ts";

await run("notifications", ({ config, folder, log }) => {
  if (config.SMTP_URL) {
    log.info("mail goes out over SMTP");
    const port = smtpPost(config.SMTP_URL, config.MAIL_FROM);
    return { service: notifications, port, callsAtOnce: SMTP_CONNECTIONS };
  }
  log.info("no SMTP_URL: mail is kept, read it at /mails");
  const post = keptPost(openDatabase(join(folder, "mails.db"), "relaxed"));
  return { service: notifications, port: post, routes: (app) => routes(app, post) };
});

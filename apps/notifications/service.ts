// Notifications: tells customers what they should know, by mail.

import { defineService, perform } from "../../shared/service/define.ts";
import { isAddressKnown, type Mail, mails } from "./decisions.ts";
import type { Post } from "./post.ts";
import { store, tables } from "./store.ts";

export const notifications = defineService({
  name: "notifications",
  reactions: [
    perform({
      on: ["order.created", "order.completed", "order.cancelled", "risk.flagged", "shipment.dispatched"],
      if: [isAddressKnown],
      request: mails,
      call: async (post: Post, due: Mail[], signal: AbortSignal) => {
        for (const mail of due) await post.send(mail, signal);
      },
    }),
  ],
  tables,
  store,
});

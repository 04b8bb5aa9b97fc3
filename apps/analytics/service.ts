// Analytics: hears everything and says nothing.

import { factTypes } from "../../shared/contracts/events.ts";
import { defineService, observe } from "../../shared/service/define.ts";
import { store, tables } from "./store.ts";

export const analytics = defineService({
  name: "analytics",
  reactions: [observe(...factTypes)],
  tables,
  store,
});

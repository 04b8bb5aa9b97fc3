// Runs a command line of `npm run -s flow`, and keeps what it says.

import { main } from "../../shared/stack/flow.ts";

export async function flow(...args: string[]) {
  const said = { out: "", err: "" };
  const code = await main(args, {
    out: (text) => {
      said.out += `${text}\n`;
    },
    err: (text) => {
      said.err += `${text}\n`;
    },
  });
  return { code, ...said };
}

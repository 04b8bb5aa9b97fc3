// A receiver of traces in a process of its own: takes OTLP over HTTP, and counts bytes. Tells its port, then the count whenever it is asked.

import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

let bytes = 0;
const server = createServer((request, response) => {
  request.on("data", (chunk: Buffer) => {
    bytes += chunk.length;
  });
  request.on("end", () => response.setHeader("content-type", "application/x-protobuf").end());
});
server.listen(0, "127.0.0.1", () => process.send!((server.address() as AddressInfo).port));
process.on("message", () => process.send!(bytes));
process.on("disconnect", () => process.exit());

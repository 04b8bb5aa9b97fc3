// What a service holds of a consumer that was put back is not acked: its number may be another message's by now.

import type { JsMsg } from "@nats-io/jetstream";
import { describe, expect, it } from "vitest";
import { NatsDelivery } from "../../shared/nats/delivery.ts";
import { Held } from "../../shared/nats/held.ts";

describe("a delivery", () => {
  it("is acked once", () => {
    const { take, said } = service();
    const delivery = take(1);
    delivery.ack();
    delivery.ack();

    expect(said).toEqual(["ack 1"]);
  });

  it("is still acked after others have come, and after the consumer was bound anew where it was", () => {
    const { held, take, said } = service();
    const delivery = take(1);
    take(2);
    held.expect(3);
    delivery.ack();

    expect(said).toEqual(["ack 1"]);
  });

  it("is neither acked, handed back nor prolonged when the broker has begun to count from an older number", () => {
    const { held, take, said } = service();
    const [first, second] = [take(7), take(8)];
    const third = take(8);
    first.ack();
    second.retry(0);
    for (const delivery of held) delivery.prolong();
    third.ack();

    expect(said).toEqual(["working 8", "ack 8"]);
  });

  it("is not acked after the consumer was made anew", () => {
    const { held, take, said } = service();
    const delivery = take(1);
    held.expect(1);
    delivery.ack();

    expect(said).toEqual([]);
  });
});

/** Takes deliveries by the numbers that the broker gives them. */
function service() {
  const held = new Held();
  const said: string[] = [];
  const take = (number: number) => {
    held.expect(number);
    const say = (what: string) => () => said.push(`${what} ${number}`);
    const info = { deliveryCount: 1, streamSequence: 1, timestampNanos: 0 };
    const endings = { ack: say("ack"), nak: say("nak"), working: say("working") };
    const message = { subject: "order.created.a", info, ...endings };
    const delivery = new NatsDelivery(message as unknown as JsMsg, held);
    held.expect(number + 1);
    return delivery;
  };
  return { held, take, said };
}

// The moments in the life of a service at which a test pulls the plug.

import { vi } from "vitest";
import { type AnyService, emits } from "../../shared/service/define.ts";
import type { Machine } from "./machine.ts";

const CHECKPOINT_MS = 1_000;

/** When the plug is pulled. */
export interface Moment {
  readonly name: string;
  readonly prepare: (machine: Machine) => void;
  readonly wait?: () => Promise<unknown>;
}

/** The moments that there are in the life of a service: not every one calls the outside, or says anything. */
export function momentsOf(service: AnyService): Moment[] {
  const calling: Moment[] = [
    {
      name: "before the outside has acted",
      prepare: ({ outside }) => {
        outside.silence = "before acting";
      },
    },
    {
      name: "after the outside has acted, before the answer is there",
      prepare: ({ outside }) => {
        outside.silence = "after acting";
      },
    },
  ];
  const speaking: Moment[] = [
    {
      name: "after its commit, before its facts are stored",
      prepare: ({ broker }) => {
        broker.mood = "loses";
      },
    },
    {
      name: "after its facts are stored, before it knows",
      prepare: ({ broker }) => {
        broker.mood = "forgets to answer";
      },
    },
  ];
  const loseAcks = (machine: Machine) => {
    machine.losesAcks = true;
  };
  return [
    ...(service.reactions.some(({ call }) => call) ? calling : []),
    ...(emits(service).length > 0 ? speaking : []),
    { name: "before the ack arrives", prepare: loseAcks },
    {
      name: "before the ack arrives, with a note of what is published",
      prepare: loseAcks,
      wait: () => vi.advanceTimersByTimeAsync(CHECKPOINT_MS),
    },
  ];
}

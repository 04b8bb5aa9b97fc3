// Deadlines: each strikes in its time, once, whatever happens to the process meanwhile and whoever else is late.

import { beforeEach, describe, expect, it, vi } from "vitest";
import { controlTime, NOW } from "./flow.ts";
import { created, noted, turns } from "./till.ts";
import { WaitingDesk } from "./waiting-desk.ts";

const SECOND = 1_000;

beforeEach(controlTime);

describe("a deadline", () => {
  it("strikes in its time, and not before", async () => {
    const desk = new WaitingDesk();
    await desk.wait("a", NOW + 90 * SECOND);

    await pass(90 * SECOND - 1);
    expect(desk.said).toEqual(["risk.flagged a"]);
    await pass(1);
    expect(desk.said).toEqual(["risk.flagged a", "risk.rejected a"]);
    expect(desk.stored).toEqual(desk.said);
  });

  it("strikes once", async () => {
    const desk = new WaitingDesk();
    await desk.wait("a", NOW + SECOND);

    await pass(10 * SECOND);
    desk.restart();
    await pass(10 * SECOND);

    expect(desk.said).toEqual(["risk.flagged a", "risk.rejected a"]);
  });

  it("strikes at once when its time has passed already", async () => {
    const desk = new WaitingDesk();
    await desk.wait("a", NOW - SECOND);

    await pass(0);
    expect(desk.said).toEqual(["risk.flagged a", "risk.rejected a"]);
  });

  it("is the cause of what is said, at the time when it struck", async () => {
    const desk = new WaitingDesk();
    await desk.wait("a", NOW + SECOND);
    await pass(SECOND);

    expect(desk.facts[1]).toMatchObject({
      causationId: "patience a",
      correlationId: "a",
      time: NOW + SECOND,
      source: "waiting desk",
    });
  });

  it("has the same id whoever strikes it, so that a repeat would be known", async () => {
    const ids = [];
    for (const seconds of [1, 2]) {
      const desk = new WaitingDesk();
      await desk.wait("a", NOW + seconds * SECOND);
      await pass(3 * SECOND);
      ids.push(desk.facts[1]!.id);
    }

    expect(ids[0]).toBe(ids[1]);
  });

  it("does not strike when the wait was over before", async () => {
    const desk = new WaitingDesk();
    await desk.wait("a", NOW + SECOND);
    await desk.take(noted("a"));

    await pass(10 * SECOND);
    expect(desk.said).toEqual(["risk.flagged a"]);
  });

  it("is told to whoever watches, once it is committed", async () => {
    const desk = new WaitingDesk();
    await desk.wait("a", NOW + SECOND);
    const seen: string[][] = [];
    desk.runtime.changes.listen("a", () => seen.push(desk.said));

    await pass(SECOND);
    expect(seen).toEqual([["risk.flagged a", "risk.rejected a"]]);
  });

  it("strikes within a second when the clock is put forward", async () => {
    const desk = new WaitingDesk();
    await desk.wait("a", NOW + 365 * 86_400 * SECOND);
    await pass(10 * SECOND);
    expect(desk.said).toEqual(["risk.flagged a"]);

    vi.setSystemTime(NOW + 365 * 86_400 * SECOND);
    await pass(SECOND);
    expect(desk.said).toEqual(["risk.flagged a", "risk.rejected a"]);
  });

  it("may be at the end of time, and keeps nobody busy until then", async () => {
    const desk = new WaitingDesk();
    await desk.wait("a", 2 ** 52);
    const transaction = vi.spyOn(desk.runtime.engine, "transaction");

    await pass(10 * SECOND);
    expect(transaction.mock.calls.length).toBeLessThanOrEqual(11);
    expect(desk.said).toEqual(["risk.flagged a"]);
  });
});

describe("several deadlines", () => {
  it("strike in their order, whichever was set first", async () => {
    const desk = new WaitingDesk();
    for (const [key, seconds] of Object.entries({ late: 3, soon: 1, later: 2 })) {
      await desk.wait(key, NOW + seconds * SECOND);
    }

    for (const key of ["soon", "later", "late"]) {
      await pass(SECOND);
      expect(desk.said.at(-1)).toBe(`risk.rejected ${key}`);
    }
  });

  it("that are due together share a transaction", async () => {
    const desk = new WaitingDesk();
    for (let n = 0; n < 50; n++) await desk.wait(`order-${n}`, NOW + SECOND);
    const expire = vi.spyOn(desk.runtime.engine, "expire");

    await pass(SECOND);

    expect(desk.said.filter((said) => said.startsWith("risk.rejected"))).toHaveLength(50);
    expect(expire).toHaveBeenCalledTimes(1);
  });

  it("are all struck, however many are due", async () => {
    const desk = new WaitingDesk();
    for (let n = 0; n < 220; n++) await desk.wait(`order-${n}`, NOW + SECOND);

    await pass(SECOND);
    for (let n = 0; n < 4; n++) await pass(0);

    expect(desk.said.filter((said) => said.startsWith("risk.rejected"))).toHaveLength(220);
  });
});

describe("a restart", () => {
  it("forgets no deadline, and puts none off", async () => {
    const desk = new WaitingDesk();
    await desk.wait("a", NOW + 10 * SECOND);
    await pass(6 * SECOND);

    desk.restart();
    await pass(4 * SECOND - 1);
    expect(desk.said).toEqual(["risk.flagged a"]);
    await pass(1);
    expect(desk.said).toEqual(["risk.flagged a", "risk.rejected a"]);
  });

  it("strikes at once what was due meanwhile", async () => {
    const desk = new WaitingDesk();
    await desk.wait("a", NOW + 10 * SECOND);
    await desk.runtime.drain(8_000);
    await pass(60 * SECOND);
    expect(desk.said).toEqual(["risk.flagged a"]);

    desk.restart();
    await pass(0);
    expect(desk.said).toEqual(["risk.flagged a", "risk.rejected a"]);
  });
});

describe("nothing strikes", () => {
  it("before deadlines are watched: what they lead to might be for nobody to read", async () => {
    const desk = new WaitingDesk({ watch: false });
    await desk.wait("a", NOW + SECOND);
    await pass(60 * SECOND);
    expect(desk.said).toEqual(["risk.flagged a"]);

    desk.runtime.watchDeadlines();
    desk.runtime.watchDeadlines();
    await pass(0);
    expect(desk.said).toEqual(["risk.flagged a", "risk.rejected a"]);
  });

  it("once the service stops, nor when it is told to watch then", async () => {
    const desk = new WaitingDesk();
    await desk.wait("a", NOW + SECOND);

    await desk.runtime.drain(8_000);
    desk.runtime.watchDeadlines();
    await pass(60 * SECOND);

    expect(desk.said).toEqual(["risk.flagged a"]);
  });
});

describe("a deadline that can't be carried out", () => {
  it("keeps no other one waiting, nor anything else", async () => {
    const desk = new WaitingDesk();
    await desk.wait("faulty", NOW + SECOND);
    await desk.wait("a", NOW + SECOND);
    await desk.wait("b", NOW + 2 * SECOND);

    await pass(SECOND);
    expect(desk.said.slice(3)).toEqual(["risk.rejected a"]);
    await pass(SECOND);
    expect(desk.said.slice(4)).toEqual(["risk.rejected b"]);
    await desk.wait("c", NOW + 60 * SECOND);
    expect(desk.said.slice(5)).toEqual(["risk.flagged c"]);
  });

  it("keeps no other one waiting, however many there are of it", async () => {
    const desk = new WaitingDesk();
    for (let n = 0; n < 120; n++) await desk.wait(`faulty-${n}`, NOW + SECOND);
    await desk.wait("a", NOW + 2 * SECOND);

    await pass(10 * SECOND);
    expect(desk.said.slice(121)).toEqual(["risk.rejected a"]);
  });

  it("is tried again a while later, not at once", async () => {
    const desk = new WaitingDesk();
    await desk.wait("faulty", NOW + SECOND);
    await pass(SECOND);
    for (let times = 0; times < 20; times++) await pass(0);
    expect(desk.attempts).toBe(1);

    await pass(10 * SECOND);
    expect(desk.attempts).toBeGreaterThanOrEqual(5);
    expect(desk.attempts).toBeLessThanOrEqual(12);
  });

  it("is in the log, with its order and the trace that it is a part of", async () => {
    const desk = new WaitingDesk();
    await desk.wait("faulty", NOW + SECOND, "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
    await desk.wait("faulty-too", NOW + 2 * SECOND);
    await pass(2 * SECOND);

    const line = { level: 50, msg: "a deadline could not be carried out", cause: "a bug" };
    const traceId = "4bf92f3577b34da6a3ce929d0e0e4736";
    expect(desk.lines[0]).toMatchObject({ ...line, key: "faulty", traceId });
    expect(desk.lines.find(({ key }) => key === "faulty-too")).not.toHaveProperty("traceId");
  });

  it("is carried out when that is mended, and nothing was left of the attempts", async () => {
    const desk = new WaitingDesk();
    await desk.wait("faulty", NOW + SECOND);
    await pass(3 * SECOND);
    expect(desk.said).toEqual(["risk.flagged faulty"]);

    desk.isMended = true;
    await pass(SECOND);
    expect(desk.said).toEqual(["risk.flagged faulty", "risk.rejected faulty"]);
  });

  it("is one that says what its table does not declare", async () => {
    const desk = new WaitingDesk();
    await desk.wait("talkative", NOW + SECOND);
    await desk.wait("a", NOW + SECOND);

    await pass(3 * SECOND);
    expect(desk.said.slice(2)).toEqual(["risk.rejected a"]);
  });

  it("is one that decides nothing: it would never end", async () => {
    const desk = new WaitingDesk();
    await desk.wait("silent", NOW + SECOND);
    await pass(SECOND);
    for (let times = 0; times < 20; times++) await pass(0);

    expect(desk.lines).toHaveLength(1);
    expect(desk.lines[0]).toMatchObject({
      key: "silent",
      cause: expect.stringMatching(/^patience silent: it decides nothing/),
    });
  });

  it("waits for a disk that is full, and is carried out when there is room again", async () => {
    const desk = new WaitingDesk();
    for (let n = 0; n < 100; n++) await desk.wait(`order-${n}`, NOW + SECOND);
    const before = desk.said.length;
    desk.fill();
    const expire = vi.spyOn(desk.runtime.engine, "expire");

    vi.advanceTimersByTime(SECOND);
    await expect(desk.wait("meanwhile", NOW + 2 * SECOND)).rejects.toThrow(/full/);
    for (let times = 0; times < 20; times++) await pass(0);
    expect(expire).toHaveBeenCalledOnce();
    expect(desk.stored).toHaveLength(before);
    expect(desk.lines).toEqual([expect.objectContaining({ msg: "a deadline has to wait for the database" })]);

    desk.makeRoom();
    await pass(5 * SECOND);
    expect(desk.said).toHaveLength(2 * before);
    expect(desk.stored).toEqual(desk.said);
  });
});

describe("a call that is under way for the same order", () => {
  it("ends first; other orders' deadlines do not wait for it", async () => {
    const desk = new WaitingDesk();
    for (const key of ["a", "b"]) await desk.wait(key, NOW + SECOND);
    await desk.take(created("a"));
    expect(desk.calls.size).toBe(1);
    const expire = vi.spyOn(desk.runtime.engine, "expire");

    await pass(SECOND);
    for (let times = 0; times < 20; times++) await pass(0);
    await pass(2 * SECOND);
    expect(desk.said.slice(2)).toEqual(["risk.rejected b"]);
    expect(expire.mock.calls.length).toBeLessThanOrEqual(5);

    desk.calls.get("a")!.resolve("fine");
    await turns();
    await pass(SECOND);
    expect(desk.said.slice(3)).toEqual(["shipment.waived a", "risk.rejected a"]);
  });

  it("may end the wait itself", async () => {
    const desk = new WaitingDesk();
    await desk.wait("a", NOW + SECOND);
    await desk.take(created("a"), noted("a"));
    await pass(3 * SECOND);

    desk.calls.get("a")!.resolve("fine");
    await turns();
    await pass(SECOND);
    expect(desk.said).toEqual(["risk.flagged a", "shipment.waived a"]);
  });
});

/** Lets time pass, a second at a time, with turns of the event loop in between. */
async function pass(milliseconds: number): Promise<void> {
  for (let left = milliseconds; ; left -= SECOND) {
    vi.advanceTimersByTime(Math.min(Math.max(left, 0), SECOND));
    await turns();
    if (left <= SECOND) return;
  }
}

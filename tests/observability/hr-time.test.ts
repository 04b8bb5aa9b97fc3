// Times of spans: a receiver refuses nanoseconds that make a second.

import fc from "fast-check";
import { expect, it } from "vitest";
import { hrTime } from "../../shared/observability/hr-time.ts";

it.each([
  [0, [0, 0]],
  [999.9999999999999, [0, 999_999_999]],
  [1_000, [1, 0]],
  [1_767_600_000_999.5, [1_767_600_000, 999_500_000]],
])("%s ms are %j in seconds and nanoseconds", (ms, time) => {
  expect(hrTime(ms)).toEqual(time);
});

it("whatever the time is, the nanoseconds are less than a second, and nothing is lost but less than one of them", () => {
  fc.assert(
    fc.property(fc.double({ min: 0, max: 4e12, noNaN: true }), (ms) => {
      const [seconds, nanoseconds] = hrTime(ms);
      expect(Number.isInteger(seconds) && Number.isInteger(nanoseconds)).toBe(true);
      expect(nanoseconds).toBeGreaterThanOrEqual(0);
      expect(nanoseconds).toBeLessThan(1e9);
      expect(Math.abs(ms - (seconds * 1_000 + nanoseconds / 1e6))).toBeLessThanOrEqual(0.001);
    }),
  );
});

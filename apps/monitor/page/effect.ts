// Effects that end with their component, however short it is shown.

import { useLayoutEffect } from "hono/jsx/dom";

/**
 * What is to happen once the component is shown, and whenever one of `deps` has changed; what it returns, ends it. Hono's own
 * `useEffect` comes too late for whoever leaves before the next frame: it begins after its end.
 */
export function useEffect(effect: () => (() => void) | undefined, deps: readonly unknown[]): void {
  useLayoutEffect(() => {
    let end: (() => void) | undefined;
    const frame = requestAnimationFrame(() => {
      end = effect();
    });
    return () => {
      cancelAnimationFrame(frame);
      end?.();
    };
  }, deps);
}

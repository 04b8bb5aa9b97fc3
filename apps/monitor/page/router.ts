// The page's addresses: links change what is shown without a new page, and going back works.

import { Store, useStore } from "./value.ts";

const address = new Store(here());

/** The address that is shown. */
export function useAddress(): URL {
  return useStore(address);
}

/** Shows another address of the page. */
export function go(href: string): void {
  history.pushState(null, "", href);
  address.value = here();
}

/** What a path is made of, decoded; what is not well-formed stays as it is written. A slash at its end says nothing. */
export function partsOf(pathname: string): string[] {
  return pathname
    .replace(/(?<=.)\/$/, "")
    .split("/")
    .map((part) => {
      try {
        return decodeURIComponent(part);
      } catch {
        return part;
      }
    });
}

function here(): URL {
  return new URL(location.href);
}

addEventListener("popstate", () => {
  address.value = here();
});

document.addEventListener("click", (event) => {
  const link = (event.target as Element).closest?.("a");
  const href = link?.getAttribute("href");
  const isPlain = event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey;
  if (!link || !href?.startsWith("/") || link.hasAttribute("data-leaves") || !isPlain) return;
  event.preventDefault();
  go(href);
  scrollTo(0, 0);
});

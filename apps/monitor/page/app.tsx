// The frame of the page: where one can go, whether it is up to date, and the view of its address.

import { useRef } from "hono/jsx/dom";
import { Announcer } from "./announcer.tsx";
import { useEffect } from "./effect.ts";
import { latest, silentSince } from "./live.ts";
import { Order } from "./order.tsx";
import { Orders } from "./orders.tsx";
import { Overview } from "./overview.tsx";
import { ParkedMessages } from "./parked.tsx";
import { ReviewCount, Reviews } from "./reviews.tsx";
import { partsOf, useAddress } from "./router.ts";
import { Schemas } from "./schemas.tsx";
import { Service } from "./service.tsx";
import { useStore } from "./value.ts";
import { clock, count } from "./words.ts";

const PLACES = [
  ["/", "Overview"],
  ["/orders", "Orders"],
  ["/reviews", "Reviews"],
  ["/parked", "Parked"],
  ["/schemas", "Schemas"],
] as const;
const EVERYWHERE: readonly string[] = PLACES.map(([href]) => href.slice(1));
/** Where one of many has a view of its own. */
const OF_ONE: readonly string[] = ["orders", "services"];

/** The page. */
export function App() {
  const { pathname, searchParams } = useAddress();
  const [, place = "", name, ...more] = partsOf(pathname);
  const view = place === "services" ? "/" : `/${place}`;
  const isKnown = more.length === 0 && (name ? OF_ONE : EVERYWHERE).includes(place);
  const title = isKnown ? name || PLACES.find(([href]) => href === `/${place}`)![1] : "Not found";
  const main = useRef<HTMLElement>(null);
  const shown = useRef(pathname);

  useEffect(() => {
    document.title = `${title} · Quadrille`;
    if (shown.current === pathname) return;
    shown.current = pathname;
    main.current?.focus(); // Whoever does not see it hears what is shown now.
  }, [pathname]);

  return (
    <>
      <a class="skip" href="#main">
        Skip to content
      </a>
      <header>
        <a class="brand" href="/">
          Quadrille
        </a>
        <nav aria-label="Views">
          {PLACES.map(([href, text]) => (
            <a
              key={href}
              href={href}
              aria-current={href === view ? (href === pathname ? "page" : "true") : undefined}
            >
              {text}
              {href === "/reviews" ? <ReviewCount /> : null}
              {href === "/parked" ? <ParkedCount /> : null}
            </a>
          ))}
        </nav>
        <Freshness />
      </header>
      <Silence />
      <main id="main" tabindex={-1} ref={main} aria-label={title}>
        {isKnown ? (
          <View place={place} name={name} search={searchParams} key={`/${place}/${name ?? ""}`} />
        ) : (
          <h1>There is nothing here</h1>
        )}
      </main>
      <footer class="quiet">
        The flow runs without the monitor. Times are UTC. Commands are for a terminal in the project's folder.{" "}
        <a href="/docs" data-leaves>
          API
        </a>
      </footer>
      <Announcer />
    </>
  );
}

function View({ place, name, search }: { place: string; name: string | undefined; search: URLSearchParams }) {
  if (place === "services") return <Service name={name!} />;
  if (place === "orders") return name ? <Order id={name} /> : <Orders search={search} />;
  if (place === "reviews") return <Reviews search={search} />;
  if (place === "parked") return <ParkedMessages search={search} />;
  return place === "schemas" ? <Schemas /> : <Overview />;
}

function ParkedCount() {
  const parked = useStore(latest)?.parked ?? 0;
  return parked > 0 ? <span class="count">{count(parked)}</span> : null;
}

/** When the monitor was heard last. */
function Freshness() {
  const snapshot = useStore(latest);
  const since = useStore(silentSince);
  const isLive = snapshot !== undefined && since === undefined;
  return (
    <p class={`freshness ${isLive ? "live" : "stale"}`}>
      {isLive ? `live, ${clock(snapshot.at, Date.now())}` : since ? "not connected" : "connecting…"}
    </p>
  );
}

/** That what is shown is old, and since when. */
function Silence() {
  const since = useStore(silentSince);
  const snapshot = useStore(latest);
  const isBlind = snapshot !== undefined && !snapshot.nats.isConnected;
  const text = since
    ? `Not connected since ${clock(since, Date.now())}: what is shown is as of then. Trying again every 2 s.`
    : isBlind
      ? `The monitor does not see NATS: ${snapshot.nats.cause ?? "it is not reachable"}. What is shown is from before.`
      : "";
  return (
    <div role="status" class={text ? "banner" : ""}>
      {text}
    </div>
  );
}

// What things in the versioned folder are called.

/** The lock, at the top of the folder. */
export const LOCK = "released.lock";

/** An event's settings, among its versions. */
export const SETTINGS = "compatibility.json";

const EVENT = /^[\w-]+(\.[\w-]+)*$/;
const VERSION = /^v([1-9]\d{0,5})\.avsc$/;

/** Whether a folder may be called so: `order.created`, which a NATS subject can begin with. */
export function isEventName(name: string): boolean {
  return EVENT.test(name);
}

/** The event and version that a file within the folder is, as `order.created/v1.avsc`; undefined if it is neither. */
export function parseName(name: string): { event: string; version: number } | undefined {
  const [event = "", file = "", ...more] = name.split("/");
  const version = VERSION.exec(file)?.[1];
  return version && isEventName(event) && more.length === 0 ? { event, version: Number(version) } : undefined;
}

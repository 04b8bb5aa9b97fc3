// What the monitor has written into the page.

const { pollMs, canAct } = document.getElementById("page")!.dataset;

/** How often there is news, in milliseconds. */
export const POLL_MS = Number(pollMs);

/** Whether parked messages and reviews can be acted on: the monitor has the operators' password. */
export const CAN_ACT = canAct === "true";

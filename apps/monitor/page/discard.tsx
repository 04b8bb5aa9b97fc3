// Asks for the reason before a message is given up for good.

import { useRef } from "hono/jsx/dom";
import type { ParkedEntry } from "./api.ts";
import { useEffect } from "./effect.ts";

interface Asked {
  entry: ParkedEntry;
  close: () => void;
  send: (reason: string) => void;
}

export function Discard({ entry, close, send }: Asked) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    dialog.current?.showModal();
  }, []);
  const submit = (event: Event) => {
    event.preventDefault();
    const reason = `${new FormData(event.target as HTMLFormElement).get("reason") ?? ""}`.trim();
    if (!reason) return;
    dialog.current?.close();
    send(reason);
  };
  return (
    <dialog ref={dialog} aria-labelledby="discard-title" onClose={close}>
      <form onSubmit={submit}>
        <h2 id="discard-title">
          Discard {entry.id} {entry.what}?
        </h2>
        <p>
          {entry.service} will never handle it; what waits behind it goes on. This can't be undone, and the
          stream records it with the reason.
        </p>
        <label>
          Reason
          <textarea name="reason" required maxlength={500} rows={3} />
        </label>
        <div class="actions">
          <button type="submit" class="danger">
            Discard for good
          </button>
          <button type="button" onClick={() => dialog.current?.close()}>
            Keep it
          </button>
        </div>
      </form>
    </dialog>
  );
}

// What the kit does for every service, as far as the check can do without it to see what comes of that.

/** The kit's habits. All true in production; the check proves of each that the flow needs it. */
export interface Kit {
  /** What was heard before is not heard again. */
  readonly inbox: boolean;
  /** A fact is not published before what it follows from is committed. */
  readonly commitsBeforePublish: boolean;
  /** An event is not acknowledged before what follows from it is committed. */
  readonly commitsBeforeAck: boolean;
  /** Facts are kept until they are published: with the state, in one transaction. */
  readonly outbox: boolean;
}

/** The kit as it is. */
export const WHOLE_KIT: Kit = {
  inbox: true,
  commitsBeforePublish: true,
  commitsBeforeAck: true,
  outbox: true,
};

/** How long the ends of a call wait for what, milliseconds. */

/** A gap in what the other end said is waited for, then looked up. */
export const GAP = 3_000;

/** While it rings, both ends look from time to time whether they have missed that it is over, or answered. */
export const WHILE_RINGING = 10_000;

/** Somebody speaks before we were told that they have answered: that is on its way, or lost. */
export const ANSWER_OVERDUE = 1_000;

/** The caller waits this much longer than the phone rings: an answer at the last moment has a way to go. */
export const LATE_ANSWER = 5_000;

/** From the answer to the first sound. */
export const CONNECT_WITHIN = 30_000;

/** Sound that is gone may come back by itself; then the caller, later the callee, looks for another way. */
export const RESTART_AFTER = { caller: 2_000, callee: 7_000 };

/** Sound that is gone for so long ends the call. */
export const GIVE_UP_AFTER = 30_000;

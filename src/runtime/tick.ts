/** The milliseconds of one tick, the unit in which replicas and clients count their timers. */
export const TICK_MS = 10

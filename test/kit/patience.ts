/**
 * The maximum time that a test waits for an event. It is long, because only a failing test reaches it, and a machine
 * may be four times slower than the author's, and busy.
 */
export const PATIENCE_MS = 120_000

/** The options of `vi.waitFor`. */
export const PATIENT = { timeout: PATIENCE_MS, interval: 20 } as const

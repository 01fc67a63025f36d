/**
 * The time that a test waits for what must come. Long: it is met only where what is waited for never comes, and a machine
 * may be four times slower than the one it was written on, and busy with other things.
 */
export const PATIENCE_MS = 120_000

/** Of `vi.waitFor`. */
export const PATIENT = { timeout: PATIENCE_MS, interval: 20 } as const

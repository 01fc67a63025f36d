import { describe, expect, it, test } from 'vitest'
import { CLOCK_SKEW_MS_MAX, REQUEST_TIMEOUT_TICKS } from '../../src/pbft/parameters.ts'
import { neverEarly } from '../../src/simulator/checkers/never-early.ts'
import type { ModelledBatch, ModelledStore } from '../../src/simulator/model/modelled-store.ts'
import { EPOCH_MS } from '../../src/simulator/world/virtual-clock.ts'

const ID = new Uint8Array(8)
const TTL = 10
const REQUEST = { client: 'c'.repeat(64), timestamp: 1, requestDigest: new Uint8Array(32) }
/** The bound while T is at its least and every clock is exact. */
const BOUND_MS = 2 * CLOCK_SKEW_MS_MAX

/** The checker, at a virtual time that is set. */
function createCheck({ timeoutTicks = REQUEST_TIMEOUT_TICKS, clockErrorMs = 0 } = {}) {
  let now = 0
  let sequence = 0
  let leases: unknown[] = []
  const modelled = { onExecuted: () => ({ sequence, leases }) as unknown as ModelledBatch }
  const checker = neverEarly(modelled as unknown as ModelledStore, () => now)
  const digest = () => Uint8Array.of(sequence)
  const execute = (...events: object[]) => {
    leases = events
    return checker.onExecuted?.({ batch: { digest: digest() } } as never) ?? null
  }
  return {
    at: (ms: number) => {
      now = ms
    },
    asks: () => checker.onRequest?.({ ...REQUEST, operations: new Uint8Array(0) } as never),
    accepts: () => {
      sequence++
      const state = { clock: { now: EPOCH_MS + now + clockErrorMs }, patience: { timeoutTicks } }
      const record = { kind: 'accepted', prePrepare: { digest: digest() } }
      checker.onStep?.({ state, effects: [{ kind: 'persist', record }] } as never)
    },
    begins: () => execute({ kind: 'begun', id: ID, ttl: TTL, cause: REQUEST }),
    expires: () => execute({ kind: 'expired', id: ID, keys: [], cause: null }),
    revokes: () => execute({ kind: 'revoked', id: ID, keys: [], cause: REQUEST }),
  }
}

/** A lease that was asked for at 0, granted later, and ends at a moment. */
function endedAt(ms: number, options?: Parameters<typeof createCheck>[0]): string | null {
  const check = createCheck(options)
  check.asks()
  check.at(400)
  check.accepts()
  check.begins()
  check.at(ms)
  check.accepts()
  return check.expires()
}

describe('17, never early', () => {
  test('PBFT-7.17 a lease lives for its life, less the two bounds, from the moment at which it was asked for', () => {
    expect(endedAt(1_000 * TTL)).toBeNull()
    expect(endedAt(1_000 * TTL - BOUND_MS)).toBeNull()
    expect(endedAt(1_000 * TTL - BOUND_MS - 1)).toContain('ended 1 ms earlier than clocks allow')
  })

  it('allows more where T is longer, and where the clock of a correct replica is wrong', () => {
    const early = 1_000 * TTL - BOUND_MS - 1
    expect(endedAt(early, { timeoutTicks: 2 * REQUEST_TIMEOUT_TICKS })).toBeNull()
    expect(endedAt(early, { clockErrorMs: 1 })).not.toBeNull()
    expect(endedAt(early - 300, { clockErrorMs: -500 })).toBeNull()
  })

  it('counts from the last time that it was kept alive, and says nothing of one that was revoked', () => {
    const check = createCheck()
    check.asks()
    check.accepts()
    check.begins()
    check.at(100)
    check.accepts()
    expect(check.revokes()).toBeNull()
    check.accepts()
    expect(check.expires()).toBeNull()
  })
})

/** Rule 1.9: the request timer. OSDI 1999 section 4.4, first paragraph. */
import { describe, expect, test } from 'vitest'
import { REQUEST_TIMEOUT_TICKS, STATUS_IDLE_TICKS } from '../../src/pbft/parameters.ts'
import { CLUSTER_SIZES, createClusterKit } from '../kit/cluster-kit.ts'
import { decide, effectsOf, ReplicaUnderTest } from '../kit/replica-kit.ts'

describe.each(CLUSTER_SIZES)('n = %i', (n) => {
  const kit = createClusterKit(n)
  const batchOf = (...requests: readonly (readonly [client: number, timestamp: number])[]) =>
    kit.batch(requests.map(([client, timestamp]) => kit.request(client, { timestamp })))
  const waits = (replica: ReplicaUnderTest, client: number, timestamp: number) =>
    replica.state.waiting.find(kit.clientId(client), kit.request(client, { timestamp }).timestamp) !== null

  const hasLeft = ({ state }: ReplicaUnderTest) => state.view > 0 && !state.isActive

  test('PBFT-1.9 the timer of a waiting request runs out, and not before its time', () => {
    const backup = new ReplicaUnderTest(kit, 1)
    backup.receive(kit.request(0))
    backup.tickHearing(REQUEST_TIMEOUT_TICKS - 1)
    expect(hasLeft(backup)).toBe(false)
    backup.tickHearing()
    expect(hasLeft(backup)).toBe(true)
  })

  test('PBFT-1.9 with nothing waiting no timer runs', () => {
    const backup = new ReplicaUnderTest(kit, 1)
    decide(kit, backup, { sequence: 1, batch: batchOf([0, 1]) })
    backup.tickHearing(3 * REQUEST_TIMEOUT_TICKS)
    expect(backup.state.timer).toBeNull()
    expect(hasLeft(backup)).toBe(false)
  })

  test('PBFT-1.9 it restarts when the oldest waiting entry was served', () => {
    const backup = new ReplicaUnderTest(kit, 1)
    backup.receive(kit.request(0))
    backup.tickHearing(40)
    backup.receive(kit.request(1))
    decide(kit, backup, { sequence: 1, batch: batchOf([0, 1]) })
    expect(backup.state.timer).toMatchObject({ waitsFor: { client: kit.clientId(1) }, startedTick: 40 })
    backup.tickHearing(backup.state.timeoutTicks - 1)
    expect(hasLeft(backup)).toBe(false)
    backup.tickHearing()
    expect(hasLeft(backup)).toBe(true)
  })

  test('PBFT-1.9 other progress does not restart it: a primary cannot starve one client', () => {
    const backup = new ReplicaUnderTest(kit, 1)
    backup.receive(kit.request(0))
    for (let sequence = 1; sequence <= 10; sequence++) {
      backup.receive(kit.request(1, { timestamp: sequence }))
      backup.tickHearing(REQUEST_TIMEOUT_TICKS / 10)
      decide(kit, backup, { sequence, batch: batchOf([1, sequence]) })
    }
    expect(hasLeft(backup)).toBe(true)
    expect(waits(backup, 0, 1)).toBe(true)
  })

  test('PBFT-1.9 serving a later request of the same client does not restart it', () => {
    const backup = new ReplicaUnderTest(kit, 1)
    backup.receive(kit.request(0, { timestamp: 1 }))
    backup.receive(kit.request(0, { timestamp: 2 }))
    backup.tickHearing(40)
    decide(kit, backup, { sequence: 1, batch: batchOf([0, 2]) })
    expect(backup.state.timer).toMatchObject({ waitsFor: { timestamp: 1 }, startedTick: 0 })
  })

  test('PBFT-1.9 executed entries are dropped, and stale ones with them', () => {
    const backup = new ReplicaUnderTest(kit, 1)
    backup.receive(kit.request(0, { timestamp: 1 }))
    backup.receive(kit.request(0, { timestamp: 40 }))
    backup.receive(kit.request(1))
    decide(kit, backup, { sequence: 1, batch: batchOf([0, 100]) })
    expect(waits(backup, 0, 1)).toBe(false) // stale: the floor is 36
    expect(waits(backup, 0, 40)).toBe(true)
    expect(waits(backup, 1, 1)).toBe(true)
  })

  test('PBFT-1.9 a waiting request whose timestamp was executed with another digest is dropped', () => {
    const backup = new ReplicaUnderTest(kit, 1)
    backup.receive(kit.request(0, { operations: new Uint8Array(9) }))
    decide(kit, backup, { sequence: 1, batch: batchOf([0, 1]) })
    expect(backup.state.waiting.size).toBe(0)
    expect(backup.state.timer).toBeNull()
  })

  test('PBFT-1.9 a request that arrives after its own execution starts nothing', () => {
    const backup = new ReplicaUnderTest(kit, 1)
    decide(kit, backup, { sequence: 1, batch: batchOf([0, 1]) })
    backup.receive(kit.request(0))
    expect(backup.state.timer).toBeNull()
    expect(backup.state.waiting.size).toBe(0)
  })

  test('PBFT-1.9 a request that arrives between handing over and execution is dropped by the execution', () => {
    const backup = new ReplicaUnderTest(kit, 1)
    backup.isExecuting = false
    decide(kit, backup, { sequence: 1, batch: batchOf([0, 1]) })
    backup.receive(kit.request(0))
    backup.finishExecution()
    expect(backup.state.waiting.size).toBe(0)
    expect(backup.state.timer).toBeNull()
  })

  test('PBFT-1.9 what one batch takes to be executed is not held against the primary, and others hear of it', () => {
    const backup = new ReplicaUnderTest(kit, 1)
    backup.isExecuting = false
    backup.receive(kit.request(1))
    decide(kit, backup, { sequence: 1, batch: batchOf([0, 1]) })
    const effects = backup.tickHearing(5 * REQUEST_TIMEOUT_TICKS)
    expect(hasLeft(backup)).toBe(false)
    const said = effectsOf(effects, 'broadcast').filter(({ outgoing }) => outgoing.kind === 'status')
    expect(said).toHaveLength((5 * REQUEST_TIMEOUT_TICKS) / STATUS_IDLE_TICKS)
    backup.finishExecution()
    // The first tick in the middle of it counted: it may have begun just before.
    backup.tickHearing(REQUEST_TIMEOUT_TICKS - 2)
    expect(hasLeft(backup)).toBe(false)
    backup.tickHearing()
    expect(hasLeft(backup)).toBe(true)
  })

  test('PBFT-1.9 but a batch at every tick does not stop the timer', () => {
    const backup = new ReplicaUnderTest(kit, 1)
    backup.isExecuting = false
    backup.receive(kit.request(0))
    for (let sequence = 1; sequence <= REQUEST_TIMEOUT_TICKS; sequence++) {
      expect(hasLeft(backup)).toBe(false)
      decide(kit, backup, { sequence, batch: batchOf([1, sequence]) })
      backup.tickHearing()
      backup.finishExecution()
    }
    expect(hasLeft(backup)).toBe(true)
  })

  test('PBFT-1.9 a decision that came from another replica serves as well as an own one', () => {
    const backup = new ReplicaUnderTest(kit, 1)
    backup.receive(kit.request(0))
    backup.tickHearing(REQUEST_TIMEOUT_TICKS - 1)
    backup.receive(kit.decision({ view: 2, sequence: 1, batch: batchOf([0, 1]) }))
    expect(backup.state.timer).toBeNull()
    backup.tickHearing(2 * REQUEST_TIMEOUT_TICKS)
    expect(hasLeft(backup)).toBe(false)
  })

  test('PBFT-1.9 a repetition does not restart the timer', () => {
    const backup = new ReplicaUnderTest(kit, 1)
    backup.receive(kit.request(0))
    for (let tick = 0; tick < REQUEST_TIMEOUT_TICKS; tick++) {
      backup.tickHearing()
      backup.receive(kit.request(0))
    }
    expect(hasLeft(backup)).toBe(true)
  })

  test('PBFT-1.9 the clock does not matter, ticks do', () => {
    const backup = new ReplicaUnderTest(kit, 1)
    backup.receive(kit.request(0))
    backup.tick(1, 1_000_000_000)
    backup.tick(1, 0)
    expect(hasLeft(backup)).toBe(false)
  })
})

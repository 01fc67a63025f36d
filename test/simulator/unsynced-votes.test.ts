/** Votes that do not wait for the disk (rule 6.5): what the specification allows and refuses, and runs with restarts of all. */
import { describe, expect, it, test } from 'vitest'
import { drawSwarmPlan, simulateSwarm } from '../../attacks/run/simulated/swarm.ts'
import { replicaIds } from '../../src/base/ids.ts'
import { inOrder, type Plan, withoutFaults } from '../../src/simulator/plan/plan.ts'
import { A, accepted, B, batchOf, place, prePrepare, replica, viewChange } from './specification-kit.ts'

const limit = (upTo: number, view = 0) => ({ kind: 'vote-limit', view, upTo })
const prepare = (sequence: number, digest = A) => ({ kind: 'prepare', ...place(sequence, digest) })

/** A backup that hears pre-prepares at 1 and 2. */
function backup(hasUnsyncedVotes = true) {
  const one = replica(2, 'signed', hasUnsyncedVotes)
  one.hear(prePrepare(1), prePrepare(2))
  return one
}

describe('the specification', () => {
  it('allows a PREPARE before it is on disk once a limit is, and up to it', () => {
    const one = backup()
    one.logsUnsynced(accepted(1))
    expect(one.sends(prepare(1))).toContain('is not on disk')
    expect(one.logs(limit(1))).toBeNull()
    expect(one.logsUnsynced(accepted(2))).toBeNull()
    expect(one.sends(prepare(2))).toContain('is not on disk')
    expect(one.logs(limit(2))).toBeNull()
    expect(one.sends(prepare(2))).toBeNull()
  })
  it('refuses a PREPARE of what the log does not hold at all, and a limit where votes wait for the disk', () => {
    const one = backup()
    one.logs(limit(2))
    expect(one.sends(prepare(1))).toContain('does not hold')
    expect(backup(false).logs(limit(2))).toContain('votes wait for the disk')
    expect(backup().logs(limit(2, 1))).toContain('it is in view 0')
  })
  it('PBFT-6.5 refuses, after a crash, every PREPARE up to the limit but one that left before', () => {
    const one = backup()
    one.logs(limit(2))
    one.logs(accepted(1))
    expect(one.sends(prepare(1))).toBeNull()
    one.crash(2)
    expect(one.sends(prepare(1))).toBeNull()
    one.hear(prePrepare(2, B))
    one.logs(accepted(2, B))
    expect(one.sends(prepare(2, B))).toContain('it may have voted there before its start')
  })
  it('PBFT-6.5 refuses a NEW-VIEW of its own that chooses a batch which it does not have', () => {
    const entry = {
      prePrepare: prePrepare(1),
      prepares: [1, 2, 3].map((sender) => ({ ...prepare(1), sender })),
    }
    const own = viewChange(1)
    const shown = [viewChange(0, [entry]), own, viewChange(2)]
    const newView = { kind: 'new-view', view: 1, viewChanges: shown, choices: [{ sequence: 1, digest: A }] }
    const made = (hasBatch: boolean) => {
      const one = replica(1, 'signed', true)
      one.hear(...shown, prePrepare(1))
      if (hasBatch) one.logs({ kind: 'batch', sequence: 1, batch: batchOf(A) })
      one.logs({ kind: 'view-change', content: own })
      return one.logs({ kind: 'new-view-made', content: newView })
    }
    expect(made(false)).toContain('a batch that it does not have')
    expect(made(true)).toBeNull()
  })
})

describe('runs', () => {
  const calm = (seed: number): Plan => {
    const plan = withoutFaults(drawSwarmPlan(seed, 4))
    return { ...plan, votes: 'unsynced', workload: { ...plan.workload, requestsPerClient: 10 } }
  }

  test.each([
    ['the primary', [0]],
    ['one backup', [2]],
    ['f + 1', [1, 2]],
    ['all', replicaIds(4)],
  ])('PBFT-6.5 %s restarts while votes are on their way: nothing is lost, and it goes on', (_, struck) => {
    const plan = calm(7)
    const atMs = Math.floor(plan.calmAtMs / 2)
    const faults = struck.flatMap((replica) => [
      { kind: 'crash' as const, replica: replica as never, losesSent: false, atMs },
      { kind: 'restart' as const, replica: replica as never, atMs: atMs + 20 },
    ])
    const run = simulateSwarm({ seed: 7, plan: { ...plan, faultyMax: 4, faults: inOrder(faults) } })
    expect([run.verdict, ...run.explanation]).toEqual(['held'])
    expect(run.restarts).toBe(struck.length)
    expect(run.viewChanges).toBeLessThanOrEqual(1)
  })
})

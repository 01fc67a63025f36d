/** Rule 6.4: an old copy of a disk cannot be seen locally; what the others have from the replica shows it. */
import { describe, expect, test } from 'vitest'
import { faultsMax } from '../../src/base/quorum.ts'
import { RECALL_TICKS } from '../../src/pbft/parameters.ts'
import { conditionOf } from '../../src/pbft/report.ts'
import { CLUSTER_SIZES, createClusterKit } from '../kit/cluster-kit.ts'
import { ReplicaUnderTest, sentKinds } from '../kit/replica-kit.ts'

const NONCE = 7

describe.each(CLUSTER_SIZES)('n = %i', (n) => {
  const kit = createClusterKit(n)
  const others = kit.ids.filter((id) => id !== 1)
  const batch = kit.batch([kit.request(0)])
  /** Its log is as good as empty, and it asks. */
  const asking = () => {
    const replica = new ReplicaUnderTest(kit, 1)
    expect(sentKinds(replica.step({ kind: 'resumed', nonce: NONCE }))).toContain('recall')
    return replica
  }
  const shows = (sender: number, remembered: readonly { readonly envelope: Uint8Array }[], nonce = NONCE) =>
    kit.recollection(sender, { nonce, remembered })

  test.each([
    ['a PREPARE', () => kit.votes('prepare', [1], { sequence: 1, digest: batch.digest })],
    ['a COMMIT', () => kit.votes('commit', [1], { sequence: 1, digest: batch.digest })],
    ['a CHECKPOINT', () => [kit.checkpoint(1, kit.cluster.checkpointInterval, batch.digest)]],
    ['a VIEW-CHANGE', () => [kit.viewChange(1, 2)]],
  ])('PBFT-6.4 %s that it does not know makes it amnesiac, and its log says so', (_, forgotten) => {
    const replica = asking()
    replica.receive(shows(2, forgotten()))
    expect(replica.state.recovery.health).toBe('amnesiac')
    expect(replica.records.map(({ kind }) => kind)).toContain('forgotten')
  })

  test('PBFT-6.4 what another replica signed, or what is shown to another question, forgets nothing', () => {
    const replica = asking()
    replica.receive(shows(2, kit.votes('commit', [3], { sequence: 1, digest: batch.digest })))
    replica.receive(shows(3, kit.votes('commit', [1], { sequence: 1, digest: batch.digest }), NONCE + 1))
    expect(replica.state.recovery.health).toBe('sound')
  })

  test('PBFT-6.4 it votes for nothing before 2f others have answered, or the time is over', () => {
    const replica = asking()
    const needed = others.slice(0, 2 * faultsMax(n))
    for (const id of needed.slice(1)) replica.receive(shows(id, []))
    expect(replica.state.recovery.recall).not.toBeNull()
    for (const id of needed.slice(0, 1)) replica.receive(shows(id, []))
    expect(replica.state.recovery.recall).toBeNull()
    const alone = asking()
    alone.tick(RECALL_TICKS - 1)
    expect(alone.state.recovery.recall).not.toBeNull()
    alone.tick(1)
    expect(alone.state.recovery.recall).toBeNull()
  })

  test('PBFT-6.4 while it asks it reports that it does not vote', () => {
    const replica = asking()
    expect(conditionOf(replica.state)).toBe('recalling')
    replica.tick(RECALL_TICKS)
    expect(conditionOf(replica.state)).toBe('voting')
  })
})

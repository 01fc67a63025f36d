/** The answer of status is described, whatever state the cluster is in. */
import { describe, expect, test } from 'vitest'
import { StatusDocument } from '../../clients/api/status.ts'
import { statusOf } from '../../clients/library/cluster-status.ts'
import type { Milliseconds, ReplicaId, Sequence, View } from '../../src/base/ids.ts'
import type { Evidence, ReplicaReport } from '../../src/messages/message.ts'
import { REPLICA_CONDITIONS } from '../../src/messages/report.ts'
import { createClusterKit } from '../kit/cluster-kit.ts'

const kit = createClusterKit(4)
const NOW = 1_700_000_000_000
const at = { sequence: 1, digest: new Uint8Array(32) }
const CONVICTED: readonly Evidence[] = [
  {
    guilty: 2 as ReplicaId,
    first: kit.vote('prepare', 2, at),
    second: kit.vote('prepare', 2, { ...at, digest: new Uint8Array(32).fill(1) }),
  },
  {
    guilty: 2 as ReplicaId,
    first: kit.checkpoint(2, 128, new Uint8Array(32)),
    second: kit.checkpoint(2, 128, new Uint8Array(32).fill(1)),
  },
] as readonly Evidence[]

const calm: ReplicaReport = {
  view: 3 as View,
  isActive: true,
  condition: 'voting',
  lowWatermark: 128 as Sequence,
  lastExecuted: 200 as Sequence,
  revision: 2 ** 33,
  waiting: 0,
  stalledSince: 0 as Milliseconds,
  reachable: kit.ids as ReplicaId[],
  missing: [],
  suspected: [],
  guilty: [],
  cutOff: [],
  cutOffClients: 0,
  blacklisted: [],
  eventLoopDelayMs: 12,
}
const troubled: Partial<ReplicaReport> = {
  stalledSince: (NOW - 5_000) as Milliseconds,
  missing: [2 as ReplicaId],
  suspected: [2 as ReplicaId],
  guilty: [2 as ReplicaId],
  cutOff: [
    { id: 2 as ReplicaId, because: 'floods', times: 2 },
    { id: 3 as ReplicaId, because: 'fails-checks', times: 1 },
  ],
  cutOffClients: 4,
  blacklisted: [
    { replica: 2 as ReplicaId, complaint: 'slow' },
    { replica: 3 as ReplicaId, complaint: 'unfair' },
  ],
}

/** The places where an answer is not as described. */
const misfits = (answer: unknown): readonly string[] =>
  (StatusDocument.safeParse(answer).error?.issues ?? []).flatMap(({ path, ...issue }) =>
    (issue.code === 'unrecognized_keys' ? issue.keys : ['']).map((key) =>
      [...path, ...(key === '' ? [] : [key])].join('.'),
    ),
  )

/** As the gateway sends it. */
function answerOf(changes: readonly Partial<ReplicaReport>[], evidence: readonly Evidence[] = []): unknown {
  const reports = new Map(changes.map((change, id) => [id as ReplicaId, { ...calm, ...change }]))
  const status = statusOf(kit.cluster, reports, NOW, evidence)
  const session = {
    isPlayground: false,
    isKeyShared: false,
    counterLeaps: 0,
    numbersLeft: 4_096,
    reservationFailure: null,
  }
  return JSON.parse(JSON.stringify({ ...status, gateway: { eventLoopDelayMs: 3, ...session } }))
}

describe('the description of status', () => {
  test.each<[string, unknown]>([
    ['a calm cluster', answerOf([{}, {}, {}, {}])],
    ['replicas that do not answer', answerOf([{}])],
    [
      'one that is stalled, with a replica that is blamed for everything',
      answerOf([troubled, troubled, {}], CONVICTED),
    ],
    ...REPLICA_CONDITIONS.map(
      (condition) => [condition, answerOf([{ condition }, {}, {}, {}])] as [string, unknown],
    ),
  ])('fits %s', (_, answer) => {
    expect(misfits(answer)).toEqual([])
  })

  test('does not fit what it does not describe, what is missing, nor what is of another type', () => {
    const answer = answerOf([{}, {}, {}, {}]) as { replicas: Record<string, unknown>[]; n: unknown }
    answer.replicas[0] = { ...answer.replicas[0], mood: 'good', state: 'asleep' }
    delete answer.replicas[1]?.['cutOffBy']
    answer.n = '4'
    expect([...misfits(answer)].sort()).toEqual([
      'n',
      'replicas.0.mood',
      'replicas.0.state',
      'replicas.1.cutOffBy',
    ])
  })
})

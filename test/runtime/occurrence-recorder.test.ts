/** The recording of what happens in a replica's protocol: kept while somebody asks, bounded, and thinned under load. */
import { expect, test } from 'vitest'
import type { Sequence } from '../../src/base/ids.ts'
import { decodeMessage } from '../../src/messages/decode.ts'
import type { OccurrenceDelivery } from '../../src/messages/message.ts'
import { encodeOccurrenceInquiry, OCCURRENCES_PER_ANSWER_MAX } from '../../src/messages/occurrence.ts'
import {
  OCCURRENCES_MAX,
  OccurrenceRecorder,
  RECORDING_TICKS,
} from '../../src/runtime/observation/occurrence-recorder.ts'
import { createClusterKit } from '../kit/cluster-kit.ts'
import { ReplicaUnderTest } from '../kit/replica-kit.ts'
import { RuntimeUnderTest } from '../kit/runtime-kit.ts'

const kit = createClusterKit(4)
const NEW = { recording: 0, next: 0 }

/** Asks a backup on its client's link, and returns its answer. */
function ask(backup: RuntimeUnderTest, since = NEW): OccurrenceDelivery {
  backup.sent.length = 0
  backup.receive(kit.clientPeer(0), encodeOccurrenceInquiry({ nonce: 5, ...since }))
  const answers = backup.sent.map(({ frame }) => decodeMessage(frame, kit.tools))
  const answer = answers.find((each) => 'kind' in each && each.kind === 'occurrences')
  if (answer === undefined) throw new Error('no answer')
  return answer as OccurrenceDelivery
}

/** The first batch, its PREPAREs and its COMMITs reach backup 1. */
function orderOne(backup: RuntimeUnderTest): void {
  const batch = kit.batch([kit.request(0)])
  const at = { sequence: 1, digest: batch.digest }
  backup.receive(kit.replicaPeer(0), kit.prePrepare({ sequence: 1, batch }).bytes)
  for (const sender of [2, 3]) backup.receive(kit.replicaPeer(sender), kit.vote('prepare', sender, at).bytes)
  for (const sender of [0, 2, 3])
    backup.receive(kit.replicaPeer(sender), kit.vote('commit', sender, at).bytes)
}

test('a question begins a recording that shows each phase of a real sequence number and its votes', () => {
  const backup = new RuntimeUnderTest(kit, 1, new Uint8Array(8))
  const first = ask(backup)
  expect(first).toMatchObject({ sender: 1, nonce: 5, first: 0, omitted: 0, occurrences: [] })
  orderOne(backup)
  const { recording, occurrences } = ask(backup, { recording: first.recording, next: 0 })
  expect(recording).toBe(first.recording)
  const phases = occurrences.filter(({ kind }) => !kind.endsWith('-vote'))
  expect(phases.map(({ kind, sequence, view }) => ({ kind, sequence, view }))).toEqual(
    ['accepted', 'prepared', 'committed', 'executed'].map((kind) => ({ kind, sequence: 1, view: 0 })),
  )
  const voters = occurrences.filter(({ kind }) => kind === 'commit-vote').map(({ peer }) => peer)
  expect(new Set(voters).size).toBe(3)
  const next = occurrences.length
  expect(ask(backup, { recording, next })).toMatchObject({ first: next, occurrences: [] })
  expect(ask(backup, { recording: 7, next }).occurrences).toHaveLength(next)
})

test('nothing is recorded before the first question, and nothing some seconds after the last', () => {
  const backup = new RuntimeUnderTest(kit, 1, new Uint8Array(8))
  orderOne(backup)
  const { recording, occurrences } = ask(backup)
  expect(occurrences).toEqual([])
  backup.tick(RECORDING_TICKS - 1)
  expect(ask(backup, { recording, next: 0 }).recording).toBe(recording)
  backup.tick(RECORDING_TICKS)
  expect(ask(backup, { recording, next: 0 }).recording).toBeGreaterThan(recording)
})

test('under load whole sequence numbers are left out and counted, and what is rare is kept', () => {
  const { state } = new ReplicaUnderTest(kit, 1)
  const recorder = new OccurrenceRecorder(() => 50)
  const inquiry = { kind: 'occurrence-inquiry', nonce: 1, ...NEW } as never
  recorder.answer(inquiry, state)
  const executed = 20_000
  for (let sequence = 1; sequence <= executed; sequence++) {
    recorder.note({ kind: 'executed', sequence: sequence as Sequence, newBytes: 0 }, [], state)
    if (sequence % 100 === 0) recorder.tick()
  }
  const { first, omitted, occurrences } = recorder.answer(inquiry, state)
  expect(occurrences.length).toBeLessThanOrEqual(OCCURRENCES_PER_ANSWER_MAX)
  expect(omitted).toBeGreaterThan(executed / 2)
  const more = { kind: 'occurrence-inquiry', nonce: 1, recording: 50, next: executed } as never
  expect(recorder.answer(more, state).first + omitted).toBe(executed)
  expect(first).toBeGreaterThanOrEqual(executed - omitted - OCCURRENCES_MAX)
  const followed = occurrences.slice(-10).map(({ sequence }) => sequence)
  const stride = (followed[1] ?? 0) - (followed[0] ?? 0)
  expect(Math.log2(stride) % 1).toBe(0)
  expect(followed.every((sequence) => sequence % stride === 0)).toBe(true)
})

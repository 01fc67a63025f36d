/**
 * The records of the log, compared with recorded bytes: a change of a single byte would make existing logs unreadable.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { toHex } from '../../src/base/bytes.ts'
import type { ReplicaId, Sequence, View } from '../../src/base/ids.ts'
import { CHECKPOINT_INTERVAL } from '../../src/messages/limits.ts'
import { isRejection } from '../../src/messages/rejection.ts'
import type { LogRecord } from '../../src/pbft/effects.ts'
import { decodeLogRecord, encodeLogRecord } from '../../src/runtime/log/log-records.ts'
import { createClusterKit } from '../kit/cluster-kit.ts'

/** Written again with STRATEGOS_RECORD_LOG_BYTES=1, together with a new layout of the data directory. */
const RECORDED = new URL('./log-bytes.txt', import.meta.url)

const kit = createClusterKit(4)
const batch = kit.batch([kit.request(0)])
const digest = batch.digest
const view = 4 as View
const sequence = (CHECKPOINT_INTERVAL + 1) as Sequence
const stable = kit.certificate(CHECKPOINT_INTERVAL, digest)
const commits = kit.votes('commit', kit.ids.slice(0, kit.q), { view, sequence, digest })
const certificate = kit.preparedCertificate({ view, sequence, digest })
const viewChange = kit.viewChange(1, view, { stable, prepared: [] })
const viewChanges = kit.viewChanges(kit.ids.slice(0, kit.q), view, { stable })
const newView = kit.newView(view, { viewChanges, choices: [] })
const evidence = {
  guilty: 1 as ReplicaId,
  first: kit.vote('prepare', 1, { view, sequence, digest }),
  second: kit.vote('prepare', 1, { view, sequence, digest: kit.nullDigest }),
}

/** Each kind of record, and the kind that it has when it is read back. */
const RECORDS: { readonly [K in LogRecord['kind']]: readonly [LogRecord & { kind: K }, string] } = {
  proposed: [{ kind: 'proposed', content: { kind: 'pre-prepare', view, sequence, batch } }, 'accepted'],
  accepted: [{ kind: 'accepted', prePrepare: kit.prePrepare({ view, sequence, batch }) }, 'accepted'],
  prepared: [{ kind: 'prepared', certificate }, 'prepared'],
  'vote-limit': [{ kind: 'vote-limit', view, upTo: sequence }, 'vote-limit'],
  batch: [{ kind: 'batch', sequence, batch }, 'batch'],
  decided: [{ kind: 'decided', commits, batch, isBatchLogged: false }, 'decided'],
  'view-change': [
    {
      kind: 'view-change',
      content: { kind: 'view-change', view, stable, preparedCertificates: [certificate] },
    },
    'view-change',
  ],
  'new-view-made': [
    {
      kind: 'new-view-made',
      content: { kind: 'new-view', view, viewChanges, choices: [{ sequence, digest }] },
    },
    'new-view',
  ],
  'new-view': [{ kind: 'new-view', newView }, 'new-view'],
  'view-again': [{ kind: 'view-again', message: viewChange }, 'view-change'],
  'pre-prepared': [{ kind: 'pre-prepared', claims: [{ sequence, view, digest }] }, 'pre-prepared'],
  acknowledged: [{ kind: 'acknowledged', view, of: 2 as ReplicaId, digest }, 'acknowledged'],
  checkpoint: [{ kind: 'checkpoint', sequence, root: digest }, 'checkpoint'],
  stable: [{ kind: 'stable', stable }, 'stable'],
  evidence: [{ kind: 'evidence', evidence, isNew: true }, 'evidence'],
  recovery: [{ kind: 'recovery', request: kit.recoveryRequest(2) }, 'recovery'],
  recoveries: [{ kind: 'recoveries', waiting: [[2 as ReplicaId, { sequence, view }]] }, 'recoveries'],
  forgotten: [{ kind: 'forgotten' }, 'forgotten'],
  healed: [{ kind: 'healed', view }, 'healed'],
}

const encoded = Object.values(RECORDS).map(([record, readAs]) => ({
  kind: record.kind,
  readAs,
  bytes: encodeLogRecord(record, kit.sealerOf(view % kit.n)),
}))
const lines = encoded.map(({ kind, bytes }) => `${kind} ${toHex(bytes)}\n`)
if (process.env.STRATEGOS_RECORD_LOG_BYTES === '1') writeFileSync(RECORDED, lines.join(''))
const recorded = new Map(
  readFileSync(RECORDED, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => line.split(' ') as [string, string]),
)

describe('recorded records of the log', () => {
  test.each(encoded)('$kind is byte for byte as it was recorded', ({ kind, bytes }) => {
    expect(toHex(bytes)).toBe(recorded.get(kind))
  })

  test.each(encoded)('$kind is read back', ({ kind, readAs }) => {
    const bytes = Uint8Array.from(Buffer.from(recorded.get(kind) ?? '', 'hex'))
    const record = decodeLogRecord(bytes, kit.tools, kit.authenticator)
    expect(isRejection(record) ? record.reason : record.kind).toBe(readAs)
  })

  test('there is one for each kind, and none for a kind that is gone', () => {
    expect([...recorded.keys()].sort()).toEqual(Object.keys(RECORDS).sort())
  })
})

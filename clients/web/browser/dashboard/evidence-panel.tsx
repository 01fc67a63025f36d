/** Evidence as an object: two signed messages side by side, checked in this page by the program's own verifier. */
import { useEffect, useState } from 'preact/hooks'
import { toHex } from '../../../../src/base/bytes.ts'
import { nobleSuite } from '../../../../src/crypto/noble-suite.ts'
import { decodeCited } from '../../../../src/messages/cited.ts'
import { frameOfEnvelope } from '../../../../src/messages/frame.ts'
import { isRejection } from '../../../../src/messages/rejection.ts'
import {
  createEvidenceVerifier,
  type EvidenceVerdict,
} from '../../../../src/runtime/authentication/evidence-check.ts'
import type { StatusAnswer } from '../../../api/status.ts'
import { Finding } from '../kit/finding.tsx'
import { Panel } from '../kit/page-frame.tsx'
import { bytesOfBase64, bytesOfHex } from './document-bytes.ts'
import { ask, type GatewayProblem } from './gateway.ts'

interface Entry {
  readonly guilty: number
  readonly kind: string
  readonly view: number | null
  readonly sequence: number
  readonly first: string
  readonly second: string
}

export function EvidencePanel({ status }: { readonly status: StatusAnswer }) {
  const [entries, setEntries] = useState<readonly Entry[] | null>(null)
  const [problem, setProblem] = useState<string | null>(null)
  const count = status.replicas.reduce((sum, { evidence }) => sum + evidence.length, 0)
  // It is asked for again when the status tells of more.
  useEffect(() => {
    if (status.auth !== 'signed') return
    ask<{ readonly evidence: readonly Entry[] }>('/v1/evidence').then(
      ({ evidence }) => {
        setEntries(evidence)
        setProblem(null)
      },
      (failure: GatewayProblem) => setProblem(failure.message),
    )
  }, [count, status.auth])
  return (
    <Panel title="Evidence" aside={entries === null ? '' : `${entries.length}`} class="evidence">
      {status.auth !== 'signed' && (
        <p class="faint">In a cluster without signatures nobody can prove to others what a replica said.</p>
      )}
      {problem !== null && <Finding tone="warn">{problem}</Finding>}
      {status.auth === 'signed' && problem === null && entries === null && (
        <p class="faint">Asking for it…</p>
      )}
      {entries?.length === 0 && (
        <p class="faint">None: no replica is known to have signed two messages that contradict each other.</p>
      )}
      {entries?.map((entry) => (
        <EvidenceEntry
          key={`${entry.guilty}-${entry.kind}-${entry.view}-${entry.sequence}`}
          entry={entry}
          status={status}
        />
      ))}
      {entries !== null && entries.length > 0 && <Download entries={entries} />}
    </Panel>
  )
}

function EvidenceEntry({ entry, status }: { readonly entry: Entry; readonly status: StatusAnswer }) {
  const [verdict, setVerdict] = useState<EvidenceVerdict | null>(null)
  const { guilty, kind, view, sequence } = entry
  const place = view === null ? `sequence number ${sequence}` : `view ${view}, sequence number ${sequence}`
  const verify = (): void => {
    const cluster = {
      clusterId: bytesOfHex(status.clusterId),
      replicas: status.replicas.map(({ publicKey }) => ({ publicKey: bytesOfHex(publicKey) })),
    }
    const check = createEvidenceVerifier({ cluster: cluster as never, suite: nobleSuite })
    setVerdict(check({ first: bytesOfBase64(entry.first), second: bytesOfBase64(entry.second) }))
  }
  return (
    <article>
      <h3>
        Replica {guilty} signed two {kind} messages for {place}
      </h3>
      <div class="pair">
        <SignedMessage title="One" base64={entry.first} />
        <SignedMessage title="The other" base64={entry.second} />
      </div>
      <div class="buttons">
        <button type="button" class="primary" onClick={verify}>
          Verify in this page
        </button>
      </div>
      {verdict?.kind === 'proved' && (
        <Finding tone="good" isLive>
          Proved: both signatures are valid under the key of replica {verdict.evidence.guilty}, over these
          bytes and for this cluster. A correct replica never signs two.
        </Finding>
      )}
      {verdict?.kind === 'not-proved' && (
        <Finding tone="bad" isLive>
          Not proved: {verdict.because.fault}.
        </Finding>
      )}
      {verdict !== null && (
        <p class="faint">
          The page computed this itself; the public keys came from the gateway. With a cluster file of your
          own, check the download: <code>strategos verify evidence.json --dir DIRECTORY</code>
        </p>
      )}
    </article>
  )
}

function SignedMessage({ title, base64 }: { readonly title: string; readonly base64: string }) {
  const bytes = bytesOfBase64(base64)
  const message = decodeCited(frameOfEnvelope(bytes))
  if (isRejection(message)) return <p class="faint">These bytes are no signed message.</p>
  const content = message.kind === 'checkpoint' ? message.root : message.digest
  const facts = [
    ['kind', message.kind],
    ['signer', `replica ${message.sender}`],
    ...(message.kind === 'checkpoint' ? [] : [['view', `${message.view}`]]),
    ['sequence', `${message.sequence}`],
    [message.kind === 'checkpoint' ? 'root' : 'digest', toHex(content)],
    ['signature', toHex(message.authentication)],
  ]
  return (
    <div class="signed">
      <h4>{title}</h4>
      <dl>
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd class={name === 'digest' || name === 'root' ? 'differs' : ''}>
              <code>{value}</code>
            </dd>
          </div>
        ))}
      </dl>
      <details>
        <summary>{bytes.length} bytes as they were received</summary>
        <code>{toHex(bytes)}</code>
      </details>
    </div>
  )
}

function Download({ entries }: { readonly entries: readonly Entry[] }) {
  const save = (): void => {
    const file = new Blob([`${JSON.stringify({ evidence: entries }, null, 2)}\n`], {
      type: 'application/json',
    })
    const url = URL.createObjectURL(file)
    const link = document.createElement('a')
    link.href = url
    link.download = 'evidence.json'
    link.click()
    URL.revokeObjectURL(url)
  }
  return (
    <button type="button" onClick={save}>
      Download evidence.json
    </button>
  )
}

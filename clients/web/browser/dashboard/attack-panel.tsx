/** Attacks on the live cluster: a row of traitors, each a click away, and what became of them. */
import { useCallback, useEffect, useState } from 'preact/hooks'
import type { LiveAttackDocument, LiveAttacksDocument, TraitorDocument } from '../../../api/live-attacks.ts'
import type { StatusAnswer } from '../../../api/status.ts'
import { Finding, type Tone } from '../kit/finding.tsx'
import { Panel } from '../kit/page-frame.tsx'
import { ask, type GatewayProblem } from './gateway.ts'

const LOOK_MS = 1_000
const TONES: Readonly<Record<TraitorDocument['verdict'], Tone>> = {
  waiting: 'plain',
  held: 'good',
  broke: 'warn',
  failed: 'bad',
}
/** Those that show most in the least time, before all others. */
const FIRST = [
  'equivocate',
  'mute',
  'double-vote',
  'lying-reply',
  'silent-primary',
  'false-majority',
  'majority-mute',
]

export interface LiveAttacksOnPage {
  readonly document: LiveAttacksDocument | null
  readonly problem: string | null
  run(method: 'POST' | 'DELETE', path: string, body?: object): Promise<void>
}

/** Asks for the attacks where the cluster has them. */
export function useLiveAttacks(isPlayground: boolean): LiveAttacksOnPage {
  const [document, setDocument] = useState<LiveAttacksDocument | null>(null)
  const [problem, setProblem] = useState<string | null>(null)
  useEffect(() => {
    if (!isPlayground) return
    const look = (): void => {
      ask<LiveAttacksDocument>('/v1/attacks').then(setDocument, () => {})
    }
    look()
    const timer = setInterval(look, LOOK_MS)
    return () => clearInterval(timer)
  }, [isPlayground])
  const run = useCallback(async (method: 'POST' | 'DELETE', path: string, body?: object): Promise<void> => {
    try {
      const asked = body === undefined ? { method } : { method, body: JSON.stringify(body) }
      setDocument(await ask<LiveAttacksDocument>(path, asked))
      setProblem(null)
    } catch (failure) {
      setProblem((failure as GatewayProblem).message)
    }
  }, [])
  return { document, problem, run }
}

export function AttackPanel(props: { readonly status: StatusAnswer; readonly attacks: LiveAttacksOnPage }) {
  const { status, attacks } = props
  const { document, problem, run } = attacks
  const [name, setName] = useState('equivocate')
  const [replica, setReplica] = useState<number | null>(null)
  const [isAsking, setIsAsking] = useState(false)
  if (document === null) {
    return (
      <Panel title="Attack it" class="attacks">
        <p class="faint">Reading the catalogue of traitors…</p>
      </Panel>
    )
  }
  const { f, used, catalogue, playing, ended } = document
  const attack = catalogue.find((each) => each.name === name) ?? catalogue[0]
  if (attack === undefined) return null
  const target = replica ?? (attack.isOfPrimary ? status.primary : (status.primary + status.n - 1) % status.n)
  const isFaulty = (id: number): boolean =>
    playing.some((each) => each.replica === id) || (status.replicas[id]?.evidence.length ?? 0) > 0
  const isBeyond = used + (isFaulty(target) ? 0 : 1) > f
  const launch = (): void => {
    setIsAsking(false)
    void run('POST', '/v1/attacks', { attack: attack.name, replica: target, beyond: isBeyond })
  }
  return (
    <Panel title="Attack it" aside={`${used} of ${f} allowed faults used`} class="attacks">
      <Finding tone="bad">
        This cluster is a playground: a click makes a replica lie for real, and more than {f} of them can
        break the store. Keep nothing in it that you need.
      </Finding>
      <div class="traitors" role="toolbar" aria-label="traitors">
        {sorted(catalogue).map((each) => (
          <button
            key={each.name}
            type="button"
            aria-pressed={each.name === attack.name}
            onClick={() => {
              setName(each.name)
              setReplica(null)
              setIsAsking(false)
            }}
          >
            {each.name}
          </button>
        ))}
      </div>
      <p>
        <b>{attack.name}</b> {attack.does}. <span class="faint">Expected: {attack.expects}.</span>
        {attack.isOfPrimary && target !== status.primary && (
          <> It acts only as primary, and replica {status.primary} is the primary now.</>
        )}
        {attack.breaksFrom !== null && (
          <> It needs {attack.breaksFrom} replicas, and then it must break the store.</>
        )}
      </p>
      <div class="buttons">
        <label class="field">
          on{' '}
          <select
            value={target}
            onChange={(event) => {
              setReplica(Number(event.currentTarget.value))
              setIsAsking(false)
            }}
          >
            {status.replicas.map(({ id }) => (
              <option key={id} value={id}>
                replica {id}
                {id === status.primary ? ', the primary' : ''}
              </option>
            ))}
          </select>
        </label>
        <button type="button" class="danger" onClick={isBeyond ? () => setIsAsking(true) : launch}>
          Launch {attack.name} on replica {target}
          {isBeyond ? '…' : ''}
        </button>
      </div>
      {isAsking && (
        <Finding tone="warn" isLive>
          More than {f} replicas would be at fault then, and the cluster is not made for that: answers may be
          wrong, and data may be lost.{' '}
          <span class="buttons">
            <button type="button" class="danger" onClick={launch}>
              Break it
            </button>
            <button type="button" onClick={() => setIsAsking(false)}>
              Rather not
            </button>
          </span>
        </Finding>
      )}
      {problem !== null && <Finding tone="bad">{problem}</Finding>}
      <Trials title="Running" trials={playing} run={run} />
      <Trials title="Over" trials={ended} />
    </Panel>
  )
}

const rankOf = ({ name }: LiveAttackDocument): number =>
  FIRST.includes(name) ? FIRST.indexOf(name) : FIRST.length

const sorted = (catalogue: readonly LiveAttackDocument[]): readonly LiveAttackDocument[] =>
  [...catalogue].sort((a, b) => rankOf(a) - rankOf(b))

function Trials(props: {
  readonly title: string
  readonly trials: readonly TraitorDocument[]
  readonly run?: LiveAttacksOnPage['run']
}) {
  const { title, trials, run } = props
  if (trials.length === 0) return null
  return (
    <>
      <h3>{title}</h3>
      <ul class="trials">
        {trials.map((trial, index) => (
          <li key={run === undefined ? index : trial.replica}>
            <Finding tone={TONES[trial.verdict]} isLive={run !== undefined}>
              <b>
                {trial.attack} on replica {trial.replica}
              </b>
              , {Math.round(trial.seconds)} s: {trial.sentence}{' '}
              {run !== undefined && (
                <button
                  type="button"
                  onClick={() => void run('DELETE', `/v1/attacks?replica=${trial.replica}`)}
                >
                  Make it honest again
                </button>
              )}
            </Finding>
          </li>
        ))}
      </ul>
    </>
  )
}

/** The service that correct clients get, why it is stuck where it is, and what happened of late. */
import type { ServiceDocument } from '../../../api/events.ts'
import type { StatusAnswer } from '../../../api/status.ts'
import { Finding } from '../kit/finding.tsx'
import { Panel } from '../kit/page-frame.tsx'
import type { ClusterModel } from './cluster-model.ts'

const seconds = (ms: number): string => `${(ms / 1000).toFixed(ms < 10_000 ? 1 : 0)} s`
const time = (ms: number | null): string => {
  if (ms === null) return '–'
  return ms < 1_000 ? `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms` : seconds(ms)
}

export function ServicePanel(props: {
  readonly model: ClusterModel
  readonly status: StatusAnswer
  readonly now: number
}) {
  const { model, status, now } = props
  return (
    <Panel title="Service" aside="what correct clients of this gateway get" class="service">
      <Health model={model} status={status} now={now} />
      {model.service !== null && <Figures service={model.service} />}
      <Timers model={model} status={status} now={now} />
      <Occurrences model={model} />
    </Panel>
  )
}

function Health({
  status,
}: {
  readonly model: ClusterModel
  readonly status: StatusAnswer
  readonly now: number
}) {
  const { stalled, n, f, gateway } = status
  if (gateway.isKeyShared) {
    return (
      <Finding tone="bad" isLive>
        Another process uses the client key of this gateway: neither of them sends requests.
      </Finding>
    )
  }
  if (stalled !== null) {
    const since = Math.max(0, Date.now() - stalled.since)
    return (
      <Finding tone="bad" isLive>
        Stuck: {stalled.because}. {stalled.since > 0 && since > 500 && `For ${seconds(since)} now.`}
      </Finding>
    )
  }
  const away = status.replicas.filter(({ reachable, state }) => !reachable || state !== 'voting').length
  const convicted = status.replicas.filter(({ evidence }) => evidence.length > 0).map(({ id }) => id)
  const spare = f - Math.max(away, convicted.length)
  return (
    <Finding tone={spare < f ? 'warn' : 'good'} isLive>
      Requests are served: {n - away} of {n} replicas vote.{' '}
      {convicted.length > 0 && `Replica ${convicted.join(' and ')} is convicted of signing contradictions. `}
      {spare > 0
        ? `${spare} more may fail or lie.`
        : spare === 0
          ? 'No further one may fail or lie.'
          : 'More are at fault than the cluster is made for.'}
    </Finding>
  )
}

function Figures({ service }: { readonly service: ServiceDocument }) {
  const { throughput, failed, waiting, p50Ms, p99Ms, longestGapMs } = service
  const figures = [
    ['answers', `${throughput}/s`],
    ['median', time(p50Ms)],
    ['99 %', time(p99Ms)],
    ['longest gap of a minute', time(longestGapMs)],
    ['waiting', `${waiting}`],
    ['failed', `${failed}/s`],
  ] as const
  return (
    <dl class="figures">
      {figures.map(([name, value]) => (
        <div key={name} class={name === 'failed' && failed > 0 ? 'is-bad' : ''}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  )
}

/** The timers that run: at their end a replica leaves its view. */
function Timers({
  model,
  status,
  now,
}: {
  readonly model: ClusterModel
  readonly status: StatusAnswer
  readonly now: number
}) {
  const running = status.replicas.flatMap(({ id }) => {
    const timer = model.timerOf(id, now)
    return timer === null ? [] : [{ id, ...timer }]
  })
  if (running.length === 0) return null
  return (
    <ul class="timers">
      {running.map(({ id, leftMs, share }) => (
        <li key={id}>
          <span>
            Replica {id} waits for a request; in {seconds(leftMs)} it leaves the view.
          </span>
          <progress max={1} value={share} aria-label={`timer of replica ${id}`} />
        </li>
      ))}
    </ul>
  )
}

const clock = (at: number): string => new Date(at).toLocaleTimeString([], { hour12: false })

function Occurrences({ model }: { readonly model: ClusterModel }) {
  return (
    <>
      <h3>What happened</h3>
      {model.lines.length === 0 ? (
        <p class="faint">
          Nothing but ordering so far. Suspicions, view changes, checkpoints and convictions appear here.
        </p>
      ) : (
        <ol class="lines">
          {model.lines.map(({ key, at, replica, text, isGrave }) => (
            <li key={key} class={isGrave ? 'is-grave' : ''}>
              <time dateTime={new Date(at).toISOString()}>{clock(at)}</time> Replica {replica} {text}.
            </li>
          ))}
        </ol>
      )}
    </>
  )
}

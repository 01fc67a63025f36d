/** The chosen thing in full: a message, or a replica with its log; and the buttons that change what becomes of it. */
import { useMemo, useState } from 'preact/hooks'
import type { ReplicaId } from '../../../../src/base/ids.ts'
import type { RunningMoment } from '../../../../src/simulator/trace/moment.ts'
import type { FrameIntervention } from '../../../../src/simulator/world/frame-traffic.ts'
import { DataTable } from '../kit/data-table.tsx'
import { FamilyMark } from '../kit/family-legend.tsx'
import { familyOf } from '../kit/message-families.ts'
import { Panel } from '../kit/page-frame.tsx'
import type { Game } from './game.ts'
import { messageReader, peerName } from './message-facts.ts'
import type { RecordedFrame } from './recording.ts'
import {
  traitorsFor,
  withCrash,
  withIntervention,
  withoutIntervention,
  withRestart,
  withTraitor,
} from './setup.ts'
import type { Choice } from './stage.tsx'

/** Virtual milliseconds by which a message is delayed at a time. */
const DELAY_MS = 50

export function Inspector({ game, choice }: { readonly game: Game; readonly choice: Choice }) {
  if (choice?.kind === 'message') {
    const frame = game.recording.frames[choice.id]
    if (frame !== undefined) return <Message game={game} frame={frame} />
  }
  if (choice?.kind === 'replica' && game.moment.replicas[choice.id] !== undefined) {
    return <Replica game={game} id={choice.id as ReplicaId} />
  }
  return (
    <Panel title="Nothing chosen">
      <p class="faint">
        Choose a message to read it, delay it, drop it or deliver it next; or a replica to read its log, stop
        it, or make it lie.
      </p>
    </Panel>
  )
}

function Message({ game, frame }: { readonly game: Game; readonly frame: RecordedFrame }) {
  const { recording, event, nowMs } = game
  const { cluster, suite } = recording.simulation.virtual
  const read = useMemo(() => messageReader(cluster, suite), [cluster, suite])
  const facts = read(frame.frame, frame.from)
  const { plan } = recording
  const done = plan.interventions?.find((each) => each.frame === frame.number)
  const isUnderWay = frame.sentAt <= event && (frame.arrivedAt === null || frame.arrivedAt > event)
  const intervene = (intervention: FrameIntervention): void =>
    game.change(withIntervention(plan, intervention))
  const { number } = frame
  return (
    <Panel title={`Message ${number}`} aside={whereIs(frame, event)}>
      <dl class="facts">
        <dt>kind</dt>
        <dd>
          <FamilyMark family={familyOf(frame.kind)} /> {facts.kind.toUpperCase()}
        </dd>
        <dt>way</dt>
        <dd>
          {peerName(frame.from, cluster)} → {peerName(frame.to, cluster)}, {frame.sentAtMs.toFixed(1)} →{' '}
          {frame.arrivesAtMs === null ? 'lost' : `${frame.arrivesAtMs.toFixed(1)} ms`}
        </dd>
        <dt>view</dt>
        <dd>{facts.view ?? 'none'}</dd>
        <dt>sequence</dt>
        <dd>{facts.sequence ?? 'none'}</dd>
        <dt>digest</dt>
        <dd>{facts.digest === null ? 'none' : <code>{facts.digest}</code>}</dd>
        <dt>signer</dt>
        <dd>{facts.signer}</dd>
        <dt>size</dt>
        <dd>{facts.bytes} bytes</dd>
      </dl>
      {facts.phrase !== null && (
        <p class="small">
          It is {facts.phrase.text} (rule {facts.phrase.rule}).
        </p>
      )}
      {facts.flaw !== null && <p class="faint">{facts.flaw}</p>}
      <div class="buttons">
        <button
          type="button"
          disabled={!isUnderWay}
          onClick={() => intervene({ frame: number, does: 'drop' })}
        >
          Drop it
        </button>
        <button
          type="button"
          disabled={!isUnderWay}
          onClick={() => {
            const byMs = (done?.does === 'delay' ? done.byMs : 0) + DELAY_MS
            intervene({ frame: number, does: 'delay', byMs })
          }}
        >
          Delay it {DELAY_MS} ms
        </button>
        <button
          type="button"
          disabled={!isUnderWay}
          onClick={() => intervene({ frame: number, does: 'deliver', atMs: nowMs + 0.001 })}
        >
          Deliver it next
        </button>
        {done !== undefined && (
          <button type="button" onClick={() => game.change(withoutIntervention(plan, number))}>
            Undo
          </button>
        )}
      </div>
      {!isUnderWay && done === undefined && (
        <p class="faint small">
          It is not under way now: step back to where it is, to change what becomes of it.
        </p>
      )}
    </Panel>
  )
}

function whereIs({ sentAt, arrivedAt, arrivesAtMs }: RecordedFrame, event: number): string {
  if (sentAt > event) return 'not sent yet'
  if (arrivesAtMs === null) return 'lost'
  if (arrivedAt === null) return 'never arrives'
  return arrivedAt > event ? 'under way' : 'arrived'
}

function Replica({ game, id }: { readonly game: Game; readonly id: ReplicaId }) {
  const { moment, recording, nowMs } = game
  const { plan } = recording
  const { isTraitor, state } = moment.replicas[id] as (typeof moment.replicas)[number]
  const traitors = traitorsFor(plan.mode)
  const [traitor, setTraitor] = useState('equivocate')
  const chosen = traitors.find(({ name }) => name === traitor)
  return (
    <Panel
      title={`Replica ${id}`}
      aside={isTraitor ? 'a traitor' : state === null ? 'down' : state.condition}
    >
      {state === null ? (
        <p class="faint">It is down: what it had in memory is gone.</p>
      ) : (
        <Log state={state} />
      )}
      <div class="buttons">
        {state === null ? (
          <button type="button" onClick={() => game.change(withRestart(plan, id, nowMs))}>
            Start it again
          </button>
        ) : (
          <button type="button" onClick={() => game.change(withCrash(plan, id, nowMs))}>
            Stop it here
          </button>
        )}
      </div>
      <div class="buttons">
        <label class="inline">
          Attack
          <select value={traitor} onChange={(event) => setTraitor(event.currentTarget.value)}>
            {traitors.map(({ name }) => (
              <option key={name} value={name}>
                {name}
              </option>
            ))}
          </select>
        </label>
        <button
          type="button"
          disabled={isTraitor}
          onClick={() => game.change(withTraitor(plan, id, traitor, nowMs))}
        >
          Make it lie from here
        </button>
      </div>
      {chosen !== undefined && (
        <p class="faint small">
          {chosen.name}: {chosen.does}.
        </p>
      )}
    </Panel>
  )
}

function Log({ state }: { readonly state: RunningMoment }) {
  const { view, lastExecuted, lowWatermark, fingerprint, waiting, timer, guilty, slots } = state
  const timerText =
    timer === null ? 'no timer runs' : `the timer stands at ${timer.ticks} of ${timer.of} ticks`
  return (
    <>
      <p class="small">
        View {view}, executed up to {lastExecuted}, stable checkpoint at {lowWatermark}, state{' '}
        <code>{fingerprint ?? 'in a batch'}</code>. {waiting} requests wait, {timerText}.
        {guilty.length > 0 && ` It holds evidence against replica ${guilty.join(' and ')}.`}
      </p>
      <DataTable
        columns={['sequence', 'phase', 'digest', 'prepares', 'commits']}
        empty="Its log is empty above the stable checkpoint."
        rows={slots.map(({ sequence, phase, digest, prepares, commits }) => ({
          key: sequence,
          cells: [sequence, phase, <code key="digest">{digest ?? '–'}</code>, prepares, commits],
        }))}
      />
    </>
  )
}

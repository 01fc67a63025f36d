/** The stage: replicas in a circle with the messages that are under way, the time, and the buttons. */
import { ButtonRow } from '../kit/button-row.tsx'
import { FamilyLegend } from '../kit/family-legend.tsx'
import { familyOf } from '../kit/message-families.ts'
import { Panel } from '../kit/page-frame.tsx'
import {
  type CircleEnd,
  type CircleMessage,
  type CircleReplica,
  ReplicaCircle,
} from '../kit/replica-circle.tsx'
import { Slider } from '../kit/slider.tsx'
import { beginningOf, type Game, SPEEDS } from './game.ts'
import { isQuiet, type RecordedFrame } from './recording.ts'

/** The chosen thing: a message by its number, or a replica by its id. */
export type Choice = { readonly kind: 'message' | 'replica'; readonly id: number } | null

/** Milliseconds for which a lost message is drawn. */
const LOST_MS = 4

const endOf = ({ kind, id }: RecordedFrame['from']): CircleEnd => (kind === 'replica' ? id : 'clients')

/** The messages that are under way at an event. */
export function underWay({ recording, event, nowMs }: Game, showsQuiet: boolean): readonly RecordedFrame[] {
  return recording.frames.filter(({ kind, sentAt, sentAtMs, arrivedAt, arrivesAtMs }) => {
    if (sentAt > event || (isQuiet(kind) && !showsQuiet)) return false
    if (arrivedAt !== null) return arrivedAt > event
    return nowMs < (arrivesAtMs ?? sentAtMs + LOST_MS)
  })
}

function messageOf(frame: RecordedFrame, nowMs: number): CircleMessage {
  const { number, from, to, kind, sentAtMs, arrivesAtMs, arrivedAt } = frame
  const way = Math.max(0.001, (arrivesAtMs ?? sentAtMs + LOST_MS) - sentAtMs)
  const isLost = arrivedAt === null
  const share = Math.max(0, Math.min(1, (nowMs - sentAtMs) / way))
  return {
    key: number,
    from: endOf(from),
    to: endOf(to),
    progress: isLost ? share * 0.6 : share,
    family: familyOf(kind),
    title: `${kind} from ${endName(from)} to ${endName(to)}${isLost ? ', lost' : ''}`,
    isLost,
  }
}

const endName = ({ kind, id }: RecordedFrame['from']): string =>
  kind === 'replica' ? `replica ${id}` : 'a client'

const replicasOf = ({ moment }: Game): readonly CircleReplica[] =>
  moment.replicas.map(({ id, isTraitor, state }) =>
    state === null
      ? { id, state: '', isTraitor, isDown: true }
      : {
          id,
          state: state.isActive ? `v${state.view} · #${state.lastExecuted}` : `to v${state.view}`,
          isTraitor,
          isPrimary: state.isActive && state.primary === id,
          timer: state.timer === null ? null : Math.min(1, state.timer.ticks / state.timer.of),
        },
  )

export function Stage(props: {
  readonly game: Game
  readonly choice: Choice
  readonly showsQuiet: boolean
  choose(choice: Choice): void
}) {
  const { game, choice, showsQuiet, choose } = props
  const { recording, moment, nowMs } = game
  const messages = underWay(game, showsQuiet)
  return (
    <Panel
      title="The cluster"
      aside={`${nowMs.toFixed(1)} ms · step ${moment.steps} · ${messages.length} messages under way`}
      class="stage"
    >
      <ReplicaCircle
        label={`${recording.plan.n} replicas in a circle, and the messages between them`}
        replicas={replicasOf(game)}
        messages={messages.map((frame) => messageOf(frame, nowMs))}
        chosenMessage={choice?.kind === 'message' ? choice.id : null}
        chosenReplica={choice?.kind === 'replica' ? choice.id : null}
        onMessage={(id) => {
          game.play(false)
          choose({ kind: 'message', id: Number(id) })
        }}
        onReplica={(id) => choose({ kind: 'replica', id })}
      />
      <TimeSlider game={game} />
      <Controls game={game} />
      <FamilyLegend />
      <p class="faint small">
        ♛ is the primary; “v0 · #3” is a replica in view 0 that has executed three batches; a ring is its
        timer.
      </p>
    </Panel>
  )
}

function TimeSlider({ game }: { readonly game: Game }) {
  const { moment, recording } = game
  const last = recording.stepsAt.at(-1) ?? 0
  return (
    <Slider
      label="Step"
      max={last}
      value={moment.steps}
      text={`${moment.steps} of ${last}`}
      onInput={(step) => game.seekStep(step)}
    />
  )
}

function Controls({ game }: { readonly game: Game }) {
  const { isPlaying, speed } = game
  return (
    <ButtonRow
      label="time"
      buttons={[
        {
          label: isPlaying ? 'Pause' : 'Play',
          sign: isPlaying ? '⏸' : '▶',
          key: ' ',
          isPrimary: true,
          onPress: () => game.play(!isPlaying),
        },
        { label: 'Back', sign: '‹', key: 'ArrowLeft', onPress: () => game.move(-1) },
        { label: 'Step', sign: '›', key: 'ArrowRight', onPress: () => game.move(1) },
        { label: 'Restart', sign: '↺', key: 'r', onPress: () => game.seek(beginningOf(game.recording)) },
      ]}
    >
      <label class="inline">
        Speed
        <select value={speed} onChange={(event) => game.setSpeed(Number(event.currentTarget.value))}>
          {SPEEDS.map((each) => (
            <option key={each} value={each}>
              {each} ms a second
            </option>
          ))}
        </select>
      </label>
    </ButtonRow>
  )
}

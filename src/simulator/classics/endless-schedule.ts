/**
 * The adversary of Fischer, Lynch, Paterson, "Impossibility of Distributed Consensus with One Faulty Process" (1985):
 * a schedule in which no process crashes, every message arrives, and nobody ever decides.
 *
 * A world is bivalent if it can still end with either value. From a bivalent world the adversary delivers the oldest
 * message, after others if needed, so that the world stays bivalent. The lemma of the paper proves that this is always
 * possible; here two continuations show it at each step, one of which decides 0 and the other one 1.
 */
import { assert } from '../../base/assert.ts'
import type { TypedMessage } from '../../classics/automaton.ts'
import type { Value } from '../../classics/process.ts'
import { noteHappenings } from './run-drawn.ts'
import { SpaceTime } from './space-time.ts'
import {
  type Draws,
  emptyWorld,
  enabledEvents,
  type Flight,
  performEvent,
  type Setting,
  type World,
} from './world.ts'

/** The number of messages that the adversary may deliver before the oldest one. */
const DETOUR_MAX = 2
/** The number of deliveries after which a continuation counts as undecided. */
const CONTINUATION_MAX = 200

const DRAWS: Draws = { choose: () => 0, delay: () => 0, clock: () => 0, crashAfter: () => null }

export interface EndlessOptions<State, Message extends TypedMessage> {
  readonly setting: Setting<State, Message>
  /** The number of messages to deliver. */
  readonly deliveries: number
  /** Returns a lower number for a message that favours a decision for this value. */
  readonly rank: (message: Message, value: Value) => number
}

export interface EndlessRun {
  readonly diagram: SpaceTime
  readonly deliveries: number
  /** The largest number of deliveries for which a message was in flight. */
  readonly longestWait: number
}

export function endlessSchedule<State, Message extends TypedMessage>(
  options: EndlessOptions<State, Message>,
): EndlessRun {
  const { setting, deliveries } = options
  const diagram = new SpaceTime(setting.algorithm.n)
  let world = emptyWorld(setting)
  const sentAt = new Map<number, number>()
  let delivered = 0
  let longestWait = 0
  const noteSent = () => {
    for (const { id } of world.underWay) if (!sentAt.has(id)) sentAt.set(id, delivered)
  }
  for (let process = 0; process < setting.algorithm.n; process++) {
    const progress = performEvent(setting, world, { kind: 'start', process }, DRAWS)
    noteHappenings(diagram, progress.happenings)
    world = progress.world
  }
  noteSent()
  assert(isBivalent(options, world), 'the run begins where both values are possible')
  while (delivered < deliveries) {
    const path = bivalentPath(options, world)
    assert(
      path !== null,
      'from a bivalent world a bivalent one can be reached by delivering the oldest message',
    )
    for (const id of path) {
      const progress = performEvent(setting, world, { kind: 'deliver', id }, DRAWS)
      noteHappenings(diagram, progress.happenings)
      world = progress.world
      delivered++
      longestWait = Math.max(longestWait, delivered - (sentAt.get(id) ?? 0))
      noteSent()
    }
  }
  return { diagram, deliveries: delivered, longestWait }
}

/** Returns messages to deliver, the oldest last, after which both values are still possible; the shortest such list. */
function bivalentPath<State, Message extends TypedMessage>(
  options: EndlessOptions<State, Message>,
  world: World<State, Message>,
): readonly number[] | null {
  const oldest = Math.min(...world.underWay.map(({ id }) => id))
  let paths: readonly { readonly ids: readonly number[]; readonly world: World<State, Message> }[] = [
    { ids: [], world },
  ]
  for (let length = 0; length <= DETOUR_MAX; length++) {
    for (const path of paths) {
      const after = deliver(options.setting, path.world, oldest)
      if (isBivalent(options, after)) return [...path.ids, oldest]
    }
    paths = paths.flatMap((path) =>
      path.world.underWay
        .filter(({ id }) => id !== oldest)
        .map(({ id }) => ({ ids: [...path.ids, id], world: deliver(options.setting, path.world, id) })),
    )
  }
  return null
}

const deliver = <State, Message extends TypedMessage>(
  setting: Setting<State, Message>,
  world: World<State, Message>,
  id: number,
): World<State, Message> => performEvent(setting, world, { kind: 'deliver', id }, DRAWS).world

/** True if nobody has decided and each of the two values is decided in some continuation. */
function isBivalent<State, Message extends TypedMessage>(
  options: EndlessOptions<State, Message>,
  world: World<State, Message>,
): boolean {
  return world.outputs.length === 0 && [0, 1].every((value) => canDecide(options, world, value))
}

/** True if a continuation is found that decides this value: one that prefers its messages, with one process slow or none. */
function canDecide<State, Message extends TypedMessage>(
  { setting, rank }: EndlessOptions<State, Message>,
  world: World<State, Message>,
  value: Value,
): boolean {
  const { n } = setting.algorithm
  for (let slow = n; slow >= 0; slow--) {
    let now = world
    for (let count = 0; count < CONTINUATION_MAX && now.outputs.length === 0; count++) {
      const order = ({ from, to, message, id }: Flight<Message>): number =>
        (from === slow || to === slow ? 1e9 : 0) + rank(message, value) * 1e6 + id
      const enabled = enabledEvents(setting, now).flatMap((event) =>
        event.kind === 'deliver' ? [event.id] : [],
      )
      const [next] = now.underWay.filter(({ id }) => enabled.includes(id)).sort((a, b) => order(a) - order(b))
      if (next === undefined) break
      now = deliver(setting, now, next.id)
    }
    if (now.outputs.some((each) => each.value === value)) return true
  }
  return false
}

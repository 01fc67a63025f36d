import { utf8 } from '../../../src/base/bytes.ts'
import type { ReplicaId } from '../../../src/base/ids.ts'
import { WAITING_PER_CLIENT_MAX } from '../../../src/pbft/parameters.ts'
import { encodeOperations } from '../../../src/store/operations-writer.ts'
import { type Attack, nobody } from '../../language/attack.ts'
import { together } from '../../language/behaviour.ts'
import { type ClientBehaviour, everyTicks, jointly, onAnswer } from '../../language/client-behaviour.ts'
import type { ClientContext } from '../../language/client-context.ts'
import { all, noViewChange, told } from '../../language/expectations.ts'

/** Bytes of one value: so many of them fill the client's room in bytes and in number at once. */
const VALUE_BYTES = 126_000
/** Requests under way to the primary, more than it has room for; so many of them are sent again in each tick. */
const UNDER_WAY = WAITING_PER_CLIENT_MAX + 64
const AGAIN_IN_A_TICK = 32
/** Ticks between two rounds, ticks of a round in which the room is kept full, and what backups get: many, then few. */
const ROUND_TICKS = 200
const FULL_TICKS = 150
/** The tick of a round in which they get it: by then the room is full. */
const HANDED_TICK = 2
const EXTRA = [48, 16]
/** Timestamps of a round; what backups get comes late among them, so the flood in front of it makes none of it stale. */
const ROUND_TIMESTAMPS = 1_000_000
const EXTRA_FROM = 500_000

const PRIMARY = 0 as ReplicaId
const VALUE = new Uint8Array(VALUE_BYTES)
const KEY = utf8('quota')
const large = encodeOperations([{ kind: 'put', key: KEY, value: VALUE }])

const ANSWERS = ['reply', 'busy'] as const

/** Keeps its room at the primary full, and gives what the primary has no room for to all others. */
function fillingTheRoom(): ClientBehaviour {
  let next = 1
  let round = 0
  let isFilling = false
  /** By timestamp; those that were sent longest ago come first. */
  const underWay = new Map<number, Uint8Array>()
  const sendMore = ({ link, request }: ClientContext): void => {
    while (isFilling && underWay.size < UNDER_WAY) {
      const frame = request({ timestamp: next, operations: large })
      underWay.set(next++, frame)
      link.send(frame, PRIMARY)
    }
  }
  const sendAgain = ({ link }: ClientContext): void => {
    for (const [timestamp, frame] of [...underWay].slice(0, AGAIN_IN_A_TICK)) {
      underWay.delete(timestamp)
      underWay.set(timestamp, frame)
      link.send(frame, PRIMARY)
    }
  }
  const handToBackups = ({ link, request, replicas }: ClientContext): void => {
    for (let each = 0; each < (EXTRA[round % EXTRA.length] as number); each++) {
      const timestamp = round * ROUND_TIMESTAMPS + EXTRA_FROM + each
      const frame = request({ timestamp, operations: large })
      for (const id of replicas) if (id !== PRIMARY) link.send(frame, id)
    }
  }
  return jointly(
    everyTicks(1, (place) => {
      const tick = place.ticks % ROUND_TICKS
      isFilling = tick < FULL_TICKS
      if (tick === HANDED_TICK) handToBackups(place)
      if (isFilling) sendAgain(place)
      sendMore(place)
      if (tick !== ROUND_TICKS - 1) return
      next = ++round * ROUND_TIMESTAMPS + 1
      underWay.clear()
    }),
    onAnswer(({ from, message }, place) => {
      const isOver = message.kind === 'reply' || (message.kind === 'refusal' && message.reason !== 'busy')
      if (from === PRIMARY && isOver && underWay.delete(message.timestamp)) sendMore(place)
    }),
  )
}

export const fullQuota: Attack = {
  name: 'full-quota',
  world: 'both',
  plays: 'client',
  targets: ['liveness'],
  does: 'fills its quota at the primary, and sends further large requests to backups only',
  source: 'PBFT backups time what clients gave to them, and a primary that bounds a client refuses it',
  expects: "the primary accepts what backups relay beyond the client's quota, so no view changes",
  exceeds: [
    {
      what: 'requests of one client that wait at the primary',
      limit: WAITING_PER_CLIENT_MAX,
      sent: UNDER_WAY,
    },
  ],
  traitors: nobody,
  behaviour: () => together(),
  client: { awaits: ANSWERS, behaviour: fillingTheRoom },
  judge: all(told(...ANSWERS), noViewChange),
}

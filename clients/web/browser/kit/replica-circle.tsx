/** Replicas in a circle, clients in the middle, and the messages that are under way between them. */
import { FAMILY_PATHS, type MessageFamily } from './message-families.ts'

/** One end of a message: a replica by its id, or the clients, which share the middle. */
export type CircleEnd = number | 'clients'

export interface CircleReplica {
  readonly id: number
  /** The state of the replica in a word or two, below its name. */
  readonly state: string
  readonly isPrimary?: boolean
  readonly isTraitor?: boolean
  readonly isDown?: boolean
  /** The share of its timer that has run, from 0 to 1; null where none runs. */
  readonly timer?: number | null
}

export interface CircleMessage {
  readonly key: string | number
  readonly from: CircleEnd
  readonly to: CircleEnd
  /** The share of its way that it has gone, from 0 to 1. */
  readonly progress: number
  readonly family: MessageFamily
  readonly title: string
  readonly isLost?: boolean
}

export interface ReplicaCircleProps {
  readonly label: string
  readonly replicas: readonly CircleReplica[]
  readonly messages: readonly CircleMessage[]
  readonly clientsText?: string
  readonly chosenMessage?: string | number | null
  readonly chosenReplica?: number | null
  onMessage?(key: string | number): void
  onReplica?(id: number): void
}

const RADIUS = 168
const NODE = 34

interface Point {
  readonly x: number
  readonly y: number
}

/** Replica 0 is at the top; the others follow clockwise. */
function pointOf(end: CircleEnd, count: number): Point {
  if (end === 'clients') return { x: 0, y: 0 }
  const angle = (2 * Math.PI * end) / count - Math.PI / 2
  return { x: RADIUS * Math.cos(angle), y: RADIUS * Math.sin(angle) }
}

/** The way of a message: from the edge of one node to that of the other, a little to the right of the straight line. */
function wayOf(from: Point, to: Point): { readonly start: Point; readonly end: Point } {
  const length = Math.hypot(to.x - from.x, to.y - from.y) || 1
  const along = { x: (to.x - from.x) / length, y: (to.y - from.y) / length }
  const aside = { x: -along.y * 7, y: along.x * 7 }
  const gap = NODE + 4
  return {
    start: { x: from.x + along.x * gap + aside.x, y: from.y + along.y * gap + aside.y },
    end: { x: to.x - along.x * gap + aside.x, y: to.y - along.y * gap + aside.y },
  }
}

/** Lets Enter and the space bar do what a click does, for drawn things that have no button's nature. */
const pressable = (press: () => void) => ({
  role: 'button' as const,
  tabIndex: 0,
  onClick: press,
  onKeyDown: (event: KeyboardEvent) => {
    if (event.key !== 'Enter' && event.key !== ' ') return
    event.preventDefault()
    event.stopPropagation()
    press()
  },
})

export function ReplicaCircle(props: ReplicaCircleProps) {
  const { replicas, messages, chosenMessage, chosenReplica, onMessage, onReplica } = props
  const count = replicas.length
  return (
    <svg class="circle" viewBox="-228 -226 456 452" aria-label={props.label}>
      <circle class="orbit" r={RADIUS} />
      <Clients text={props.clientsText ?? 'clients'} />
      {replicas.map((replica) => (
        <Node
          key={replica.id}
          replica={replica}
          at={pointOf(replica.id, count)}
          isChosen={chosenReplica === replica.id}
          onPress={onReplica === undefined ? undefined : () => onReplica(replica.id)}
        />
      ))}
      {messages.map((message) => (
        <Message
          key={message.key}
          message={message}
          count={count}
          isChosen={chosenMessage === message.key}
          onPress={onMessage === undefined ? undefined : () => onMessage(message.key)}
        />
      ))}
    </svg>
  )
}

function Clients({ text }: { readonly text: string }) {
  return (
    <g class="clients">
      <rect x={-NODE} y={-NODE / 2} width={2 * NODE} height={NODE} rx={NODE / 2} />
      <text y={4}>{text}</text>
    </g>
  )
}

function Node(props: {
  readonly replica: CircleReplica
  readonly at: Point
  readonly isChosen: boolean
  readonly onPress: (() => void) | undefined
}) {
  const { replica, at, isChosen, onPress } = props
  const { id, state, isPrimary, isTraitor, isDown, timer } = replica
  const traits = [isPrimary && 'primary', isTraitor && 'traitor', isDown && 'down', isChosen && 'chosen']
  const roles = [isTraitor && 'traitor', isDown && 'down', isPrimary && 'primary'].filter(Boolean)
  const ring = 2 * Math.PI * (NODE + 5)
  return (
    <g
      class={`node ${traits.filter(Boolean).join(' ')}`}
      transform={`translate(${at.x} ${at.y})`}
      aria-label={`replica ${id}${roles.map((role) => `, ${role}`).join('')}: ${state}`}
      {...(onPress === undefined ? {} : pressable(onPress))}
    >
      {timer != null && (
        <circle
          class="timer"
          r={NODE + 5}
          stroke-dasharray={`${timer * ring} ${ring}`}
          transform="rotate(-90)"
        />
      )}
      <circle class="body" r={NODE} />
      <text class="name" y={-6}>
        {isPrimary === true ? `♛ ${id}` : id}
      </text>
      <text class="state" y={10}>
        {state}
      </text>
      {(isTraitor === true || isDown === true) && (
        <text class="role" y={23}>
          {isDown === true ? 'down' : 'traitor'}
        </text>
      )}
    </g>
  )
}

function Message(props: {
  readonly message: CircleMessage
  readonly count: number
  readonly isChosen: boolean
  readonly onPress: (() => void) | undefined
}) {
  const { message, count, isChosen, onPress } = props
  const { start, end } = wayOf(pointOf(message.from, count), pointOf(message.to, count))
  const x = start.x + (end.x - start.x) * message.progress
  const y = start.y + (end.y - start.y) * message.progress
  const traits = [message.isLost === true && 'lost', isChosen && 'chosen'].filter(Boolean).join(' ')
  return (
    <g
      class={`message family ${message.family} ${traits}`}
      aria-label={message.title}
      {...(onPress === undefined ? {} : pressable(onPress))}
    >
      <title>{message.title}</title>
      <line x1={start.x} y1={start.y} x2={x} y2={y} />
      <g transform={`translate(${x} ${y})`}>
        <circle class="reach" r={12} />
        <path d={FAMILY_PATHS[message.family]} />
      </g>
    </g>
  )
}

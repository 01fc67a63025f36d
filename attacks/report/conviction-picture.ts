/**
 * A picture of a primary that equivocates and is convicted, drawn from the steps of one simulated run: a lane for the client
 * and for each replica, virtual time from left to right, an arrow for each message, as an SVG that stands by itself.
 */
import { equalBytes } from '../../src/base/bytes.ts'
import type { ReplicaId } from '../../src/base/ids.ts'
import type { Evidence } from '../../src/messages/message.ts'
import type { Effect, ProtocolMessage } from '../../src/pbft/effects.ts'
import type { TracedStep } from '../../src/simulator/trace.ts'
import type { HistoryEntry } from '../../src/simulator/virtual-client.ts'

export interface PictureSource {
  readonly n: number
  /** The replica that equivocates. */
  readonly traitor: ReplicaId
  /** In the order of time. */
  readonly steps: readonly TracedStep[]
  /** The clients' requests. */
  readonly history: readonly HistoryEntry[]
  /** The command that draws it again. */
  readonly command: string
}

const PIXELS_PER_MS = 25
const LANE_HEIGHT = 58
const LEFT = 96
const TOP = 30
const MARGIN_MS = 1.2

const STYLE = `
  svg { --page: #fff; --ink: #1c2024; --faint: #60646c; --line: #d5dae0; --bad: #c62a2f; --good: #18794e; --first: #0b68cb; --lie: #c62a2f; --vote: #5b6270; --shown: #b4540a; --view: #7c3aad; }
  @media (prefers-color-scheme: dark) { svg { --page: #0d1117; --ink: #e6e8eb; --faint: #9ba1a6; --line: #30363c; --bad: #ff8b8f; --good: #4cc38a; --first: #70b8ff; --lie: #ff8b8f; --vote: #8b94a1; --shown: #ffa057; --view: #c79bff; } }
  .page { fill: var(--page); } text { fill: var(--ink); font: 13px system-ui, sans-serif; } .faint { fill: var(--faint); font-size: 11.5px; }
  .lane { stroke: var(--line); stroke-width: 1.5; } line.m { stroke-width: 1.3; } .first { stroke: var(--first); } .lie { stroke: var(--lie); }
  .vote { stroke: var(--vote); opacity: .75; } .shown { stroke: var(--shown); stroke-dasharray: 5 3; } .view { stroke: var(--view); } .client { stroke: var(--good); }
  circle { fill: var(--good); } .convicts { fill: var(--bad); } .t-bad { fill: var(--bad); font-weight: 600; } .t-view { fill: var(--view); }`

type Arrow = 'first' | 'lie' | 'vote' | 'shown' | 'view' | 'client'

/** The moment at which a correct replica first holds evidence, and what it is. */
interface Conviction {
  readonly atMs: number
  readonly evidence: Evidence
}

const evidenceIn = (effects: readonly Effect[]): Evidence | null => {
  for (const effect of effects) {
    if (effect.kind === 'persist' && effect.record.kind === 'evidence' && effect.record.isNew) {
      return effect.record.evidence
    }
  }
  return null
}

function firstConviction({ steps, traitor }: PictureSource): Conviction {
  for (const { replica, effects, atMs } of steps) {
    const evidence = evidenceIn(effects)
    if (replica !== traitor && evidence !== null) return { atMs, evidence }
  }
  throw new Error('this run convicts nobody: choose another seed')
}

/** The SVG. Throws where no replica of the run was convicted of two PRE-PREPAREs. */
export function convictionPicture(source: PictureSource): string {
  const { n, steps, traitor, history, command } = source
  const { evidence } = firstConviction(source)
  const { first: one, second: other } = evidence
  if (one.kind !== 'pre-prepare' || other.kind !== 'pre-prepare') {
    throw new Error('this run convicts nobody of two pre-prepares: choose another seed')
  }
  const isOrdered = (effect: Effect): boolean => effect.kind === 'execute' && effect.sequence === one.sequence
  const executions = steps.filter(({ effects, replica }) => replica !== traitor && effects.some(isOrdered))
  const fromMs =
    (steps.find(({ event }) => event.kind === 'received' && isAbout(event.message, one))?.atMs ?? 0) - 2
  const toMs = Math.max(...executions.slice(0, n - 1).map(({ atMs }) => atMs)) + MARGIN_MS
  const xOf = (atMs: number): number => Math.round((LEFT + (atMs - fromMs) * PIXELS_PER_MS) * 10) / 10
  const yOf = (lane: number): number => TOP + lane * LANE_HEIGHT
  const laneOf = (replica: number): number => replica + 1
  const seen = steps.filter(({ atMs }) => atMs >= fromMs && atMs <= toMs)
  const chosen = executions[0]?.effects.find(isOrdered)
  const truth = chosen?.kind === 'execute' ? chosen.batch.digest : one.digest

  const arrows: string[] = []
  const arrow = (kind: Arrow, a: readonly [number, number], b: readonly [number, number], title: string) =>
    arrows.push(
      `<line class="m ${kind}" x1="${xOf(a[0])}" y1="${yOf(a[1])}" x2="${xOf(b[0])}" y2="${yOf(b[1])}" marker-end="url(#${kind})"><title>${title}</title></line>`,
    )
  for (const { replica, event, atMs } of seen) {
    if (event.kind !== 'received' || event.from.kind !== 'replica' || event.from.id === replica) continue
    const { message, from } = event
    const kind = arrowOf(message, one, truth)
    const sentAt = kind === null ? null : sentAtMs(steps, from.id, message, atMs)
    if (kind === null || sentAt === null || sentAt < fromMs) continue
    arrow(
      kind,
      [sentAt, laneOf(from.id)],
      [atMs, laneOf(replica)],
      `${message.kind} ${from.id} to ${replica}`,
    )
  }

  const marks: string[] = []
  const convictions: number[] = []
  const convicted = new Set<number>()
  for (const { replica, effects, atMs } of seen) {
    if (replica !== traitor && evidenceIn(effects) !== null && !convicted.has(replica)) {
      convicted.add(replica)
      convictions.push(atMs)
      const [x, y] = [xOf(atMs), yOf(laneOf(replica))]
      marks.push(
        `<rect class="convicts" x="${x - 6}" y="${y - 6}" width="12" height="12" transform="rotate(45 ${x} ${y})"/>`,
      )
    }
    if (effects.some(isOrdered)) {
      marks.push(
        `<circle cx="${xOf(atMs)}" cy="${yOf(laneOf(replica))}" r="5"><title>executes</title></circle>`,
      )
    }
  }
  const newViews = seen.filter(({ event, replica, effects }) =>
    replica !== traitor && event.kind === 'received'
      ? effects.some((effect) => effect.kind === 'persist' && effect.record.kind === 'new-view')
      : false,
  )
  const answered = servedClient({ seen, history, fromMs, toMs })
  const right = xOf(toMs)
  const width = Math.ceil(right + 12)
  const height = yOf(n) + 128
  if (answered !== null) {
    const { askedAtMs, answeredAtMs } = answered
    arrow('client', [Math.max(fromMs, askedAtMs), 0], [answered.receivedAtMs, laneOf(0)], 'request')
    for (const { atMs, replica } of answered.replies) {
      arrow('client', [atMs, laneOf(replica)], [answeredAtMs, 0], `reply of ${replica}`)
    }
  }
  const lanes = ['client', ...Array.from({ length: n }, (_, id) => `replica ${id}`)].map((name, lane) => {
    const label =
      lane === laneOf(traitor)
        ? `<text class="t-bad" x="6" y="${yOf(lane) - 2}">${name}</text><text class="t-bad" x="6" y="${yOf(lane) + 13}">the liar</text>`
        : `<text x="6" y="${yOf(lane) + 4}">${name}</text>`
    return `${label}<line class="lane" x1="${LEFT}" x2="${right}" y1="${yOf(lane)}" y2="${yOf(lane)}"/>`
  })
  const begin = (seen.find(({ event }) => event.kind === 'received' && isAbout(event.message, one))?.atMs ??
    fromMs) as number
  const ms = (value: number): string => `${(value - begin).toFixed(0)} ms`
  const captions = [
    `Replica ${traitor}, the primary, orders one batch with some replicas (blue) and another one with the rest (red).`,
    `The votes (grey) contradict, so replicas show each other what they were sent (orange). After ${ms(Math.min(...convictions))} the first holds both`,
    `signed orders (◆): proof that anybody can check, with the cluster's public keys alone. Only one batch finds a quorum; it is executed (●).`,
    answered === null
      ? ''
      : `The client (green) believes what f + 1 replicas answer alike, after ${ms(answered.answeredAtMs)}. It notices nothing.`,
    newViews[0] === undefined
      ? ''
      : `The others leave the liar's view (violet), and replica ${(traitor + 1) % n} leads after ${ms(newViews[0].atMs)}.`,
  ].filter((line) => line !== '')
  const text = captions.map(
    (line, index) => `<text class="faint" x="6" y="${yOf(n) + 44 + index * 18}">${line}</text>`,
  )
  const heads = (['first', 'lie', 'vote', 'shown', 'view', 'client'] as const).map(
    (kind) =>
      `<marker id="${kind}" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="6" markerHeight="6" orient="auto"><path d="M0 0 8 4 0 8z" fill="var(--${kind === 'client' ? 'good' : kind})"/></marker>`,
  )
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-label="${captions[0]}">
<!-- Drawn by: ${command} -->
<style>${STYLE}</style>
<defs>${heads.join('')}</defs>
<rect class="page" width="${width}" height="${height}"/>
${[...lanes, ...arrows, ...marks, ...text].join('\n')}
</svg>
`
}

interface OrderedAt {
  readonly view: number
  readonly sequence: number
}

const isAbout = (message: ProtocolMessage, { view, sequence }: OrderedAt): boolean =>
  (message.kind === 'pre-prepare' || message.kind === 'prepare' || message.kind === 'commit') &&
  message.view === view &&
  message.sequence === sequence

/** How a message is drawn; null for one that the picture leaves out. */
function arrowOf(message: ProtocolMessage, at: OrderedAt, truth: Uint8Array): Arrow | null {
  if (message.kind === 'exhibit') return 'shown'
  if (message.kind === 'view-change' || message.kind === 'new-view') return 'view'
  if (message.kind === 'decision') return message.sequence === at.sequence ? 'first' : null
  if (!isAbout(message, at)) return null
  if (message.kind !== 'pre-prepare') return 'vote'
  return equalBytes(message.digest, truth) ? 'first' : 'lie'
}

/** When the sender let go of a message: the last time before its arrival that it sent one of that kind and place. */
function sentAtMs(
  steps: readonly TracedStep[],
  from: ReplicaId,
  message: ProtocolMessage,
  beforeMs: number,
): number | null {
  let found: number | null = null
  for (const { atMs, replica, effects } of steps) {
    if (atMs >= beforeMs) break
    if (replica === from && effects.some((effect) => sends(effect, message))) found = atMs
  }
  return found
}

function sends(effect: Effect, message: ProtocolMessage): boolean {
  if (effect.kind === 'serve') {
    return message.kind === 'decision' && effect.sequences.includes(message.sequence)
  }
  if (effect.kind !== 'broadcast' && effect.kind !== 'send') return false
  const { outgoing } = effect
  const kind = outgoing.kind === 'relayed' ? outgoing.message.kind : outgoing.kind
  if (kind !== message.kind) return false
  const sent = outgoing.kind === 'relayed' ? outgoing.message : outgoing
  return 'sequence' in sent && 'sequence' in message ? sent.sequence === message.sequence : true
}

/** The client whose request the disputed sequence number orders, if its answer is in the picture. */
function servedClient(source: {
  readonly seen: readonly TracedStep[]
  readonly history: readonly HistoryEntry[]
  readonly fromMs: number
  readonly toMs: number
}) {
  const { seen, history, fromMs, toMs } = source
  const asked = seen.find(({ event, effects }) =>
    event.kind === 'received' && event.message.kind === 'request'
      ? effects.some((effect) => effect.kind === 'persist' && effect.record.kind === 'proposed')
      : false,
  )
  if (asked?.event.kind !== 'received' || asked.event.message.kind !== 'request') return null
  const { timestamp } = asked.event.message
  const entry = history.find(
    (each) =>
      each.timestamp === timestamp &&
      each.invokedAtMs <= asked.atMs &&
      each.invokedAtMs > fromMs - 10 &&
      each.answeredAtMs !== null &&
      each.answeredAtMs < toMs,
  )
  if (entry === undefined || entry.answeredAtMs === null) return null
  const { answeredAtMs } = entry
  const replies = seen.filter(
    ({ atMs, effects }) =>
      atMs > asked.atMs && atMs < answeredAtMs && effects.some(({ kind }) => kind === 'reply'),
  )
  return { askedAtMs: entry.invokedAtMs, receivedAtMs: asked.atMs, answeredAtMs, replies }
}

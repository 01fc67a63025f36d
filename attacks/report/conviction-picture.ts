/**
 * A picture of a primary that equivocates and is convicted, drawn from the steps of one simulated run: a lane for the
 * client and for each replica, virtual time from left to right, an arrow for each message, as a self-contained SVG.
 */
import { equalBytes } from '../../src/base/bytes.ts'
import type { ReplicaId } from '../../src/base/ids.ts'
import type { Evidence } from '../../src/messages/message.ts'
import type { Effect, ProtocolMessage } from '../../src/pbft/effects.ts'
import type { TracedStep } from '../../src/simulator/trace/trace.ts'
import type { HistoryEntry } from '../../src/simulator/world/virtual-client.ts'

export interface PictureSource {
  readonly n: number
  /** The replica that equivocates. */
  readonly traitor: ReplicaId
  /** In the order of time. */
  readonly steps: readonly TracedStep[]
  /** The clients' requests. */
  readonly history: readonly HistoryEntry[]
  /** The command that reproduces the picture. */
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

const ARROW_KINDS = ['first', 'lie', 'vote', 'shown', 'view', 'client'] as const
type Arrow = (typeof ARROW_KINDS)[number]

/** The time at which a correct replica first holds evidence, with the evidence. */
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
  throw new Error('this run convicts no replica: choose another seed')
}

/** Draws the SVG. Throws if no replica of the run was convicted of two PRE-PREPAREs. */
export function convictionPicture(source: PictureSource): string {
  const { n, traitor, history, command } = source
  const span = spanOf(source)
  const answered = servedClient({ seen: span.seen, history, fromMs: span.fromMs, toMs: span.toMs })
  const scale: Scale = {
    xOf: (atMs) => Math.round((LEFT + (atMs - span.fromMs) * PIXELS_PER_MS) * 10) / 10,
    yOf: (lane) => TOP + lane * LANE_HEIGHT,
  }
  const right = scale.xOf(span.toMs)
  const width = Math.ceil(right + 12)
  const height = scale.yOf(n) + 128
  const captions = captionsOf(source, span, answered)
  const parts = [
    ...lanesOf({ n, traitor, right }, scale),
    ...arrowsOf(source, span, scale),
    ...clientArrows(source, span, answered, scale),
    ...marksOf(traitor, span, scale),
    ...captions.map(
      (line, index) => `<text class="faint" x="6" y="${scale.yOf(n) + 44 + index * 18}">${line}</text>`,
    ),
  ]
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-label="${captions[0]}">
<!-- Drawn by: ${command} -->
<style>${STYLE}</style>
<defs>${ARROW_KINDS.map((kind) => arrowHead(kind)).join('')}</defs>
<rect class="page" width="${width}" height="${height}"/>
${parts.join('\n')}
</svg>
`
}

/** The part of a run that is drawn, from the disputed order to its execution by all correct replicas. */
interface Span {
  readonly fromMs: number
  readonly toMs: number
  readonly seen: readonly TracedStep[]
  /** The disputed (v, s). */
  readonly at: OrderedAt
  /** The digest of the batch that was executed there. */
  readonly truth: Uint8Array
}

interface Scale {
  xOf(atMs: number): number
  yOf(lane: number): number
}

const laneOf = (replica: number): number => replica + 1

const isExecutionOf =
  (sequence: number) =>
  (effect: Effect): boolean =>
    effect.kind === 'execute' && effect.sequence === sequence

function spanOf(source: PictureSource): Span {
  const { n, steps, traitor } = source
  const { first: one, second: other } = firstConviction(source).evidence
  if (one.kind !== 'pre-prepare' || other.kind !== 'pre-prepare') {
    throw new Error('this run convicts no replica of two pre-prepares: choose another seed')
  }
  const isExecution = isExecutionOf(one.sequence)
  const executions = steps.filter(
    ({ effects, replica }) => replica !== traitor && effects.some((effect) => isExecution(effect)),
  )
  const fromMs = orderedAtMs(steps, one) - 2
  const toMs = Math.max(...executions.slice(0, n - 1).map(({ atMs }) => atMs)) + MARGIN_MS
  const chosen = executions[0]?.effects.find((effect) => isExecution(effect))
  return {
    fromMs,
    toMs,
    seen: steps.filter(({ atMs }) => atMs >= fromMs && atMs <= toMs),
    at: one,
    truth: chosen?.kind === 'execute' ? chosen.batch.digest : one.digest,
  }
}

/** The time of the first message about (v, s). */
const orderedAtMs = (steps: readonly TracedStep[], at: OrderedAt): number =>
  steps.find(({ event }) => event.kind === 'received' && isAbout(event.message, at))?.atMs ?? 0

function lanesOf(
  { n, traitor, right }: { readonly n: number; readonly traitor: number; readonly right: number },
  { yOf }: Scale,
): string[] {
  const names = ['client', ...Array.from({ length: n }, (_, id) => `replica ${id}`)]
  return names.map((name, lane) => {
    const label =
      lane === laneOf(traitor)
        ? `<text class="t-bad" x="6" y="${yOf(lane) - 2}">${name}</text><text class="t-bad" x="6" y="${yOf(lane) + 13}">the liar</text>`
        : `<text x="6" y="${yOf(lane) + 4}">${name}</text>`
    return `${label}<line class="lane" x1="${LEFT}" x2="${right}" y1="${yOf(lane)}" y2="${yOf(lane)}"/>`
  })
}

interface Point {
  readonly atMs: number
  readonly lane: number
}

const line = (kind: Arrow, from: Point, to: Point, { xOf, yOf }: Scale, title: string): string =>
  `<line class="m ${kind}" x1="${xOf(from.atMs)}" y1="${yOf(from.lane)}" x2="${xOf(to.atMs)}" y2="${yOf(to.lane)}" marker-end="url(#${kind})"><title>${title}</title></line>`

/** The messages between replicas. */
function arrowsOf({ steps }: PictureSource, { seen, fromMs, at, truth }: Span, scale: Scale): string[] {
  return seen.flatMap(({ replica, event, atMs }) => {
    if (event.kind !== 'received' || event.from.kind !== 'replica' || event.from.id === replica) return []
    const { message, from } = event
    const kind = arrowOf(message, at, truth)
    const sentAt = kind === null ? null : sentAtMs(steps, from.id, message, atMs)
    if (kind === null || sentAt === null || sentAt < fromMs) return []
    const title = `${message.kind} ${from.id} to ${replica}`
    const start = { atMs: sentAt, lane: laneOf(from.id) }
    return [line(kind, start, { atMs, lane: laneOf(replica) }, scale, title)]
  })
}

/** The client's request and the replies that answered it. */
function clientArrows(
  { traitor }: PictureSource,
  { fromMs }: Span,
  answered: Answered | null,
  scale: Scale,
): string[] {
  if (answered === null) return []
  const { askedAtMs, receivedAtMs, answeredAtMs, replies } = answered
  const asked = { atMs: Math.max(fromMs, askedAtMs), lane: 0 }
  return [
    line('client', asked, { atMs: receivedAtMs, lane: laneOf(traitor) }, scale, 'request'),
    ...replies.map(({ atMs, replica }) =>
      line(
        'client',
        { atMs, lane: laneOf(replica) },
        { atMs: answeredAtMs, lane: 0 },
        scale,
        `reply of ${replica}`,
      ),
    ),
  ]
}

/** The marks where a correct replica first holds evidence, and where a replica executes the disputed number. */
function marksOf(traitor: ReplicaId, { seen, at }: Span, { xOf, yOf }: Scale): string[] {
  const convicted = new Set<number>()
  const isExecution = isExecutionOf(at.sequence)
  return seen.flatMap(({ replica, effects, atMs }) => {
    const marks: string[] = []
    const [x, y] = [xOf(atMs), yOf(laneOf(replica))]
    if (replica !== traitor && evidenceIn(effects) !== null && !convicted.has(replica)) {
      convicted.add(replica)
      marks.push(
        `<rect class="convicts" x="${x - 6}" y="${y - 6}" width="12" height="12" transform="rotate(45 ${x} ${y})"/>`,
      )
    }
    if (effects.some((effect) => isExecution(effect))) {
      marks.push(`<circle cx="${x}" cy="${y}" r="5"><title>executes</title></circle>`)
    }
    return marks
  })
}

function captionsOf({ n, traitor }: PictureSource, span: Span, answered: Answered | null): string[] {
  const { seen, at } = span
  const begin = orderedAtMs(seen, at)
  const ms = (value: number): string => `${(value - begin).toFixed(0)} ms`
  const convictedAt = seen.find(
    ({ replica, effects }) => replica !== traitor && evidenceIn(effects) !== null,
  )?.atMs
  const entered = seen.find(
    ({ replica, effects }) =>
      replica !== traitor &&
      effects.some((effect) => effect.kind === 'persist' && effect.record.kind === 'new-view'),
  )?.atMs
  return [
    `Replica ${traitor}, the primary, orders one batch with some replicas (blue) and another one with the rest (red).`,
    `The votes (grey) contradict, so replicas show each other what they were sent (orange). After ${ms(convictedAt ?? begin)} the first holds both`,
    `signed orders (◆): proof that anybody can check, with the cluster's public keys alone. Only one batch finds a quorum; it is executed (●).`,
    ...(answered === null
      ? []
      : [
          `The client (green) believes what f + 1 replicas answer alike, after ${ms(answered.answeredAtMs)}. It notices nothing.`,
        ]),
    ...(entered === undefined
      ? []
      : [
          `The others leave the liar's view (violet), and replica ${(traitor + 1) % n} leads after ${ms(entered)}.`,
        ]),
  ]
}

const arrowHead = (kind: Arrow): string =>
  `<marker id="${kind}" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="6" markerHeight="6" orient="auto"><path d="M0 0 8 4 0 8z" fill="var(--${kind === 'client' ? 'good' : kind})"/></marker>`

interface OrderedAt {
  readonly view: number
  readonly sequence: number
}

const isAbout = (message: ProtocolMessage, { view, sequence }: OrderedAt): boolean =>
  (message.kind === 'pre-prepare' || message.kind === 'prepare' || message.kind === 'commit') &&
  message.view === view &&
  message.sequence === sequence

/** The kind of arrow that shows a message; null for one that the picture leaves out. */
function arrowOf(message: ProtocolMessage, at: OrderedAt, truth: Uint8Array): Arrow | null {
  if (message.kind === 'exhibit') return 'shown'
  if (message.kind === 'view-change' || message.kind === 'new-view') return 'view'
  if (message.kind === 'decision') return message.sequence === at.sequence ? 'first' : null
  if (!isAbout(message, at)) return null
  if (message.kind !== 'pre-prepare') return 'vote'
  return equalBytes(message.digest, truth) ? 'first' : 'lie'
}

/**
 * The time at which a message was sent: the last time before its arrival that the sender sent one of that kind and
 * place.
 */
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

/** A request of the load, and the replies by which it was answered. */
interface Answered {
  readonly askedAtMs: number
  readonly receivedAtMs: number
  readonly answeredAtMs: number
  readonly replies: readonly TracedStep[]
}

/** The client whose request the disputed sequence number orders, if its answer is in the picture. */
function servedClient(source: {
  readonly seen: readonly TracedStep[]
  readonly history: readonly HistoryEntry[]
  readonly fromMs: number
  readonly toMs: number
}): Answered | null {
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

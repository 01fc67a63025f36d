/** A watch through a gateway: a stream of server-sent events, begun again behind the last one when it is lost. */
import { setTimeout as pause } from 'node:timers/promises'
import { OperatorError } from '../../src/base/operator-error.ts'
import type { Change } from '../../src/store/changes-result.ts'
import type { ServerEvent } from '../api/event-block.ts'
import type { WatchedEvent } from '../api/watch.ts'
import { answerReader } from './answer-reader.ts'
import { eventsIn } from './event-stream.ts'
import { entryOf, keyOf } from './gateway-answers.ts'
import { GatewayError, StoreError } from './store-errors.ts'
import type { WatchSteps } from './store-transport.ts'
import type { WatchStep } from './watch-steps.ts'

/** Opens the stream of a watch behind a revision. Rejects with a `StoreError`. */
export type OpenStream = (after: number, signal: AbortSignal) => Promise<AsyncIterable<Uint8Array>>

/** Returns the error in the data of the event `end`. */
export type ReadProblem = (data: Uint8Array) => StoreError

/** Milliseconds before a stream that was lost is opened again: at first, and at most. */
const PAUSE_MS = { min: 50, max: 2_000 } as const

/** The codes of errors after which the stream is opened again. */
const PASSING: ReadonlySet<string> = new Set(['unreachable', 'unknown', 'stalled', 'busy'])

const entry = {
  version: 'number',
  createRevision: 'number',
  modRevision: 'number',
  text: { ifThere: 'string' },
  value: { ifThere: 'string' },
  lease: { ifThere: 'string' },
} as const
const readEvent = answerReader<WatchedEvent>()({
  revision: 'number',
  more: { ifThere: 'boolean' as never },
  changes: {
    ifThere: [
      {
        type: 'string' as never,
        key: 'string',
        modRevision: 'number',
        version: { ifThere: 'number' },
        createRevision: { ifThere: 'number' },
        text: { ifThere: 'string' },
        value: { ifThere: 'string' },
        lease: { ifThere: 'string' },
        previous: { ifThere: entry },
      },
    ],
  },
})

type ChangeDocument = NonNullable<WatchedEvent['changes']>[number]

/** Begins a watch behind a revision. */
export function watchThrough(
  after: number,
  {
    open,
    readProblem,
    progress,
  }: { readonly open: OpenStream; readonly readProblem: ReadProblem; readonly progress: boolean },
): WatchSteps {
  const closed = new AbortController()
  const steps = stepsAfter(after, { open, readProblem, signal: closed.signal })
  const wanted = progress ? steps : changesOnly(steps)
  return {
    next: () => wanted.next() as Promise<IteratorResult<WatchStep, undefined>>,
    return: async () => {
      closed.abort()
      return { done: true, value: undefined }
    },
    close: () => closed.abort(),
    [Symbol.asyncIterator]() {
      return this
    },
  }
}

async function* changesOnly(steps: AsyncIterable<WatchStep>): AsyncGenerator<WatchStep, void, undefined> {
  for await (const step of steps) if (step.kind === 'changes') yield step
}

/** The place of a watch: the last whole revision, and what was given of the one behind it. */
interface Place {
  revision: number
  /** The number of its changes that were given. */
  given: number
  /** The number of them that this stream repeats. */
  repeated: number
}

async function* stepsAfter(
  after: number,
  {
    open,
    readProblem,
    signal,
  }: { readonly open: OpenStream; readonly readProblem: ReadProblem; readonly signal: AbortSignal },
): AsyncGenerator<WatchStep, void, undefined> {
  const place: Place = { revision: after, given: 0, repeated: 0 }
  for (let wait: number = PAUSE_MS.min; !signal.aborted; wait = Math.min(PAUSE_MS.max, 2 * wait)) {
    place.repeated = place.given
    try {
      for await (const event of eventsIn(await open(place.revision, signal))) {
        wait = PAUSE_MS.min
        if (event.event === 'end') throw readProblem(Buffer.from(event.data))
        const step = stepOf(event, place)
        if (step !== null) yield step
      }
    } catch (error) {
      if (error instanceof OperatorError) throw new GatewayError(error.message)
      if (error instanceof StoreError && !PASSING.has(error.code)) throw error
      if (signal.aborted) return
    }
    await pause(wait, null, { signal }).catch(() => {})
  }
}

/** Returns the step of an event, without the changes that an earlier stream gave before it was lost. */
function stepOf({ data }: ServerEvent, place: Place): WatchStep | null {
  const { revision, changes, more } = readEvent(Buffer.from(data))
  if (changes === undefined) {
    if (revision <= place.revision) return null
    Object.assign(place, { revision, given: 0, repeated: 0 })
    return { kind: 'progress', revision }
  }
  const fresh = changes.slice(place.repeated)
  place.repeated -= changes.length - fresh.length
  place.given += fresh.length
  const isWhole = more !== true
  if (isWhole) Object.assign(place, { revision, given: 0, repeated: 0 })
  else if (fresh.length === 0) return null
  return { kind: 'changes', revision, changes: fresh.map(changeOf), isWhole }
}

function changeOf(
  { type, key, modRevision, version = 0, createRevision = 0, previous, ...rest }: ChangeDocument,
  sub: number,
): Change {
  return {
    main: modRevision,
    sub,
    key: keyOf(key),
    put: type === 'put' ? entryOf({ version, createRevision, modRevision, ...rest }) : null,
    previous: previous === undefined ? null : entryOf(previous),
  }
}

/**
 * The command watch: it prints changes as they happen, one per line. After a lost connection it continues after the
 * last change.
 */
import { setTimeout as wait } from 'node:timers/promises'
import { OperatorError } from '../../src/base/operator-error.ts'
import { keyName } from '../api/key-name.ts'
import { encodeKey } from '../api/key-path.ts'
import type { WatchedEvent, watchKeys } from '../api/watch.ts'
import { answerReader } from '../library/answer-reader.ts'
import { eventsIn } from '../library/event-stream.ts'
import { type GatewayFlags, openGateway, problemText, Refused, withGateway } from './gateway-call.ts'
import { keyOf } from './key-argument.ts'
import { type RangeFlags, type RangeQuery, rangeOf } from './range-argument.ts'
import { cutLine, terminalColumns } from './terminal.ts'

export interface WatchFlags extends GatewayFlags, RangeFlags {
  readonly after?: number
  readonly previous?: true
  readonly only?: 'put' | 'delete'
}

/** Milliseconds between attempts to reach a lost gateway. */
const AGAIN_MS = 1_000

const VALUE = { text: { ifThere: 'string' }, value: { ifThere: 'string' } } as const
const CHANGE = {
  type: 'string',
  key: 'string',
  modRevision: 'number',
  previous: { ifThere: VALUE },
  ...VALUE,
} as const
const readEvent = answerReader<WatchedEvent>()({ revision: 'number', changes: { ifThere: [CHANGE] } })

type Change = NonNullable<WatchedEvent['changes']>[number]
type Value = Pick<Change, 'text' | 'value'>

export const watch = (argument: string | undefined, flags: WatchFlags): Promise<void> =>
  withGateway(async () => {
    const range = watchedRange(argument, flags)
    const place = { after: flags.after }
    for (let isFirst = true; ; isFirst = false) {
      const stream = await openWatch(range, flags, { place, isFirst })
      await printChanges(stream, flags, place)
      console.error(
        'the connection to the gateway is lost: the watch continues after the last change when it is back',
      )
      await wait(AGAIN_MS)
    }
  })

/** The watched keys: one, a range, or every key if none is named. */
function watchedRange(
  argument: string | undefined,
  flags: WatchFlags,
): RangeQuery & { readonly key?: string } {
  const range = rangeOf(flags)
  if (argument === undefined) return range ?? { prefix: '' }
  if (range === null) return { key: encodeKey(keyOf(argument, flags)) }
  throw new OperatorError(
    `Both the key "${argument}" and a range are named: give the key, or --prefix, --from and --to.`,
  )
}

/** The revision of the last event. */
interface Place {
  after: number | undefined
}

/** Opens the stream. The first attempt may fail; later ones are repeated until they succeed. */
async function openWatch(
  range: ReturnType<typeof watchedRange>,
  flags: WatchFlags,
  { place, isFirst }: { readonly place: Place; readonly isFirst: boolean },
): Promise<AsyncIterable<Uint8Array>> {
  const { only, previous } = flags
  for (;;) {
    const query = { ...range, only, previous: previous && 'true', after: place.after?.toString() }
    try {
      return await openGateway<typeof watchKeys>(flags, {
        method: 'GET',
        path: '/v1/watch',
        query,
        accept: 'text/event-stream',
      })
    } catch (error) {
      if (isFirst || error instanceof Refused) throw error
    }
    await wait(AGAIN_MS)
  }
}

/** Prints the changes of a stream until the connection is lost. */
async function printChanges(
  stream: AsyncIterable<Uint8Array>,
  flags: WatchFlags,
  place: Place,
): Promise<void> {
  for await (const { event, id, data } of eventsIn(untilLost(stream))) {
    if (event === 'end') throw new Refused(problemText(Buffer.from(data), flags))
    const { changes = [] } = readEvent(Buffer.from(data))
    for (const change of changes) printChange(change, flags)
    if (id !== null) place.after = Number(id)
  }
}

async function* untilLost(stream: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    yield* stream
  } catch {
    // The gateway is called again.
  }
}

function printChange(change: Change, flags: WatchFlags): void {
  if (flags.json) return console.log(JSON.stringify(change))
  const { type, key, modRevision, previous } = change
  const parts = [`${modRevision}`, type, key]
  if (type === 'put' || previous !== undefined) parts.push(type === 'put' ? valueText(change) : '')
  if (previous !== undefined) parts.push(valueText(previous))
  const line = parts.join('\t')
  const columns = terminalColumns(process.stdout)
  console.log(columns === null ? line : cutLine(line.replaceAll('\t', '  '), columns))
}

/** A value in the escaped form of a key. */
const valueText = ({ text, value }: Value): string =>
  keyName(text === undefined ? Buffer.from(value ?? '', 'base64') : Buffer.from(text))

/**
 * A place in the queue for a name: the key `NAME/LEASE`, which is deleted with its lease. The key with the smallest
 * create revision is first, and that revision is its holder's fencing token: a later holder has a larger one. etcd's
 * lock and election commands use the same keys, so they wait in the same queue.
 */
import { keyName } from '../api/key-name.ts'
import { encodeKey } from '../api/key-path.ts'
import type { KeySetAnswer, listKeys, PageAnswer, putNamedKey } from '../api/keys.ts'
import type { grantLease, LeaseGrantedAnswer, revokeLease } from '../api/leases.ts'
import type { WatchedEvent, watchKeys } from '../api/watch.ts'
import { answerReader } from './answer-reader.ts'
import { eventsIn } from './event-stream.ts'
import { callGateway, type GatewayFlags, openGateway, Refused } from './gateway-call.ts'

export interface QueuePlace {
  readonly name: string
  /** The name of the key, in escaped form. */
  readonly key: string
  readonly lease: string
  /** The time to live of the lease, in seconds. */
  readonly ttl: number
  /** The create revision of the key. */
  readonly token: number
}

/** The holder of the first place. */
export interface FirstPlace {
  readonly key: string
  readonly token: number
  readonly value: string
}

const readGranted = answerReader<LeaseGrantedAnswer>()({ id: 'string', ttl: 'number' })
const readSet = answerReader<KeySetAnswer>()({ createRevision: 'number' })
const readRange = answerReader<PageAnswer>()({
  revision: 'number',
  items: [
    { key: 'string', createRevision: 'number', text: { ifThere: 'string' }, value: { ifThere: 'string' } },
  ],
})
const readEvent = answerReader<WatchedEvent>()({
  revision: 'number',
  changes: { ifThere: [{ type: 'string' }] },
})

/** Grants a lease of `ttl` seconds, and puts the key of the place under it. */
export async function takePlace(
  name: string,
  { value, ttl }: { readonly value: string; readonly ttl: number },
  flags: GatewayFlags,
): Promise<QueuePlace> {
  const body = JSON.stringify({ ttl })
  const granted = readGranted(
    await callGateway<typeof grantLease>(flags, { method: 'POST', path: '/v1/leases', body }),
  )
  const key = Buffer.from(`${name}/${granted.id.replace(/^0+/, '')}`)
  const query = { key: encodeKey(key), lease: granted.id, ifRevision: '0' }
  const put = callGateway<typeof putNamedKey>(flags, { method: 'PUT', path: '/v1/kv', query, body: value })
  try {
    const { createRevision: token } = readSet(await put)
    return { name, key: keyName(key), lease: granted.id, ttl: granted.ttl, token }
  } catch (error) {
    await revoke(granted.id, flags).catch(() => {})
    throw error
  }
}

/** Resolves when no key of the name is older than that of this place. */
export async function waitUntilFirst(
  { name, token }: QueuePlace,
  flags: GatewayFlags,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    const query = { maxCreateRevision: `${token - 1}`, order: 'desc', keysOnly: 'true' } as const
    const { revision, items } = await readPlaces(name, query, flags)
    const [predecessor] = items
    if (predecessor === undefined) return
    await nextChange({ name: encodeURIComponent(predecessor.key), only: 'delete' }, revision, {
      flags,
      signal,
    })
  }
}

/** Yields the first place of a name, now and at every change; null while the queue is empty. */
export async function* firstPlaces(
  name: string,
  flags: GatewayFlags,
  signal: AbortSignal,
): AsyncGenerator<FirstPlace | null, void, undefined> {
  let last: number | null | undefined
  while (!signal.aborted) {
    const { revision, items } = await readPlaces(name, { order: 'asc' }, flags)
    const [first] = items
    if ((first?.createRevision ?? null) !== last) {
      last = first?.createRevision ?? null
      yield first === undefined
        ? null
        : { key: first.key, token: first.createRevision, value: valueText(first) }
    }
    await nextChange({ prefix: prefixOf(name) }, revision, { flags, signal })
  }
}

/** Ends the lease of a place, which deletes its key. */
export async function leavePlace({ lease }: QueuePlace, flags: GatewayFlags): Promise<void> {
  await revoke(lease, flags)
}

async function revoke(lease: string, flags: GatewayFlags): Promise<void> {
  await callGateway<typeof revokeLease>(flags, {
    method: 'DELETE',
    path: '/v1/leases/{id}',
    query: { id: encodeURIComponent(lease) },
  })
}

const prefixOf = (name: string): string => encodeKey(Buffer.from(`${name}/`))

const valueText = ({
  text,
  value,
}: {
  readonly text?: string | undefined
  readonly value?: string | undefined
}): string => text ?? Buffer.from(value ?? '', 'base64').toString('latin1')

/** Reads the place that comes first in this order of create revisions. */
async function readPlaces(
  name: string,
  query: { readonly maxCreateRevision?: string; readonly order: 'asc' | 'desc'; readonly keysOnly?: 'true' },
  flags: GatewayFlags,
): Promise<ReturnType<typeof readRange>> {
  const range = { prefix: prefixOf(name), sort: 'create', limit: '1', ...query }
  return readRange(await callGateway<typeof listKeys>(flags, { method: 'GET', path: '/v1/kv', query: range }))
}

/** Resolves at the next change after a revision, at the end of the stream, and when the signal is aborted. */
async function nextChange(
  query: { readonly name?: string; readonly prefix?: string; readonly only?: string },
  after: number,
  { flags, signal }: { readonly flags: GatewayFlags; readonly signal: AbortSignal },
): Promise<void> {
  const stream = await openGateway<typeof watchKeys>(flags, {
    method: 'GET',
    path: '/v1/watch',
    query: { ...query, after: `${after}` },
    accept: 'text/event-stream',
  })
  const stop = (): void => void stream.destroy()
  signal.addEventListener('abort', stop)
  try {
    for await (const { event, data } of eventsIn(stream)) {
      if (event === 'end') return
      if ((readEvent(Buffer.from(data)).changes ?? []).length > 0) return
    }
  } catch (error) {
    // A lost connection is not an answer: the queue is read again.
    if (error instanceof Refused) throw error
  } finally {
    signal.removeEventListener('abort', stop)
    stop()
  }
}

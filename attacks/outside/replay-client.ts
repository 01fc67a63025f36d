import { StoreClient } from '../../clients/library/store-client.ts'
import type { OutsideAttack } from '../attack.ts'
import type { Field } from './field.ts'
import { FAR_FUTURE, HostileClient } from './hostile-client.ts'

/** One request is sent again so often at a time, beside old and far-future ones. */
const STORM = 20
const STEP_MS = 20
const KEY = 'replayed'

async function run(field: Field): Promise<readonly string[]> {
  const client = new HostileClient(field)
  const first = client.put(1, KEY, 'first')
  const seen: string[] = []
  try {
    let timestamp = 1
    for (let passedMs = 0; passedMs < field.milliseconds; passedMs += STEP_MS) {
      const newest = client.put(++timestamp, KEY, `${timestamp}`)
      for (let count = 0; count < STORM; count++) client.sendToAll(newest)
      client.sendToAll(first)
      // The same timestamp for other operations, and one that leaves no room above it.
      client.sendToAll(client.put(timestamp, KEY, 'another'))
      if (passedMs % 1000 === 0) client.sendToAll(client.put(FAR_FUTURE, KEY, 'far'))
      await field.pause(STEP_MS)
    }
    if (client.answers === 0) seen.push('no replica ever answered the client')
    seen.push(...(await repeated(field, timestamp)))
  } finally {
    await client.close()
  }
  return seen
}

/** Each timestamp may have had its effect once: the first, those up to the last, and the far one. */
async function repeated(field: Field, timestamps: number): Promise<readonly string[]> {
  const { directory } = field
  const reader = await StoreClient.open({ directory, name: field.reader, timeoutMs: 10_000 })
  try {
    const result = await reader.execute({ kind: 'get', key: Buffer.from(KEY) })
    if (result.status !== 'ok' || result.kind !== 'get') return ['none of the requests was executed']
    return result.version <= timestamps + 1
      ? []
      : [`${timestamps + 1} timestamps made ${result.version} changes: some were executed twice`]
  } finally {
    await reader.close()
  }
}

export const replayClient: OutsideAttack = {
  name: 'replay-client',
  plays: 'client',
  targets: ['safety', 'resources'],
  does: 'sends each request again and again, old ones, another under the same timestamp, and far-future timestamps',
  source: 'Castro and Liskov, OSDI 1999, section 4.1',
  expects: 'each timestamp has at most one effect, and other clients are served',
  run,
}

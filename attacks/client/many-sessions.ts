import { utf8 } from '../../src/base/bytes.ts'
import { encodeOperations } from '../../src/store/operations-writer.ts'
import { type Attack, nobody } from '../attack.ts'
import { together } from '../behaviour/behaviour.ts'
import { atTick, everyTicks, jointly } from '../behaviour/client-behaviour.ts'
import type { ClientLink, ClientPlace } from '../behaviour/client-place.ts'
import { all, latencyAtMost, noViewChange, told } from '../verdicts.ts'

/** Clients that the cluster knows, and strangers: each has links of its own. */
const IDENTITIES = 4
const STRANGERS = 24
/** Results of one request, and as many requests as make more of them than is kept for one client. */
const VALUE_BYTES = 900 * 1024
const LARGE_RESULTS = 5

const KEY = utf8('large')
const store = encodeOperations([{ kind: 'put', key: KEY, value: new Uint8Array(VALUE_BYTES) }])
const readTwice = encodeOperations([
  { kind: 'get', key: KEY },
  { kind: 'get', key: KEY },
])
const count = encodeOperations([{ kind: 'list', prefix: KEY, limit: 0, cursor: new Uint8Array(0) }])

/** The first of its clients fills what is kept for it, then asks for the first results once more. */
function fill({ link, request, ticks }: ClientPlace): void {
  const step = ticks / 10 - 1
  const timestamp = Math.min(step, LARGE_RESULTS + 1) + 1
  const isAgain = step > LARGE_RESULTS + 1
  const operations = timestamp === 1 ? store : readTwice
  link.sendToAll(request({ timestamp: isAgain ? 2 : timestamp, operations, responder: 0 }))
}

export const manySessions: Attack = {
  name: 'many-sessions',
  plays: 'client',
  targets: ['resources'],
  does: 'is many clients at once, each with links and timestamps of its own, strangers among them, and fills what is kept for it',
  source: 'sessions are state: who makes many of them makes all replicas keep them',
  expects:
    'what is kept is bounded, what was let go is the same on all replicas, and strangers leave nothing',
  traitors: nobody,
  behaviour: () => together(),
  client: {
    identities: IDENTITIES,
    behaviour: () => {
      const links: { readonly link: ClientLink; readonly signer: ClientPlace['signers'][0] }[] = []
      let timestamp = 0
      return jointly(
        atTick(0, ({ signers, stranger, open }) => {
          const keys = [...signers.slice(1), ...Array.from({ length: STRANGERS }, stranger)]
          links.push(...keys.map((signer) => ({ signer, link: open({ signer }) })))
        }),
        everyTicks(5, ({ request, random }) => {
          // Gaps between timestamps: each may be the last that fits the window.
          timestamp += random.between(1, 64)
          for (const { link, signer } of links) {
            link.sendToAll(request({ signer, timestamp, operations: count }))
          }
        }),
        everyTicks(10, (place) => {
          if (place.ticks > 0) fill(place)
        }),
      )
    },
  },
  judge: all(told('reply'), told('unknown-client'), told('results-gone'), noViewChange),
  inspect: latencyAtMost(1_000),
}

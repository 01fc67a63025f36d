import { utf8 } from '../../../src/base/bytes.ts'
import { encodeOperations } from '../../../src/store/operations-writer.ts'
import { CLIENT_RETAINED_BYTES_MAX } from '../../../src/store/sessions.ts'
import { type Attack, nobody } from '../../language/attack.ts'
import { together } from '../../language/behaviour.ts'
import {
  atTick,
  type ClientBehaviour,
  everyTicks,
  jointly,
  onAnswer,
} from '../../language/client-behaviour.ts'
import type { ClientContext, ClientLink } from '../../language/client-context.ts'
import { all, latencyAtMost, noViewChange, told } from '../../language/expectations.ts'

/** Clients that the cluster knows, and strangers: each has links of its own. */
const IDENTITIES = 4
const STRANGERS = 12
/** Results of one request, and as many requests as make more of them than is kept for one client. */
const VALUE_BYTES = 900 * 1024
const LARGE_RESULTS = 5
/** The timestamp of the first request that has large results. */
const FIRST_READ = 2

const KEY = utf8('large')
const store = encodeOperations([{ kind: 'put', key: KEY, value: new Uint8Array(VALUE_BYTES) }])
const readTwice = encodeOperations([
  { kind: 'get', key: KEY },
  { kind: 'get', key: KEY },
])
const count = encodeOperations([{ kind: 'list', prefix: KEY, limit: 0, cursor: new Uint8Array(0) }])

/** The first of its clients fills what is kept for it, one request after another, then asks for the first results again. */
function filling(): ClientBehaviour {
  let answered = 0
  const ask = ({ link, request }: ClientContext): void => {
    const isFull = answered > LARGE_RESULTS + 1
    const timestamp = isFull ? FIRST_READ : answered + 1
    const operations = timestamp < FIRST_READ ? store : readTwice
    link.sendToAll(request({ timestamp, operations, responder: 0 }))
  }
  return jointly(
    everyTicks(10, ask),
    onAnswer(({ message, link }, place) => {
      if (link !== place.link || message.kind !== 'reply' || message.timestamp !== answered + 1) return
      answered++
      ask(place)
    }),
  )
}

const ANSWERS = ['reply', 'unknown-client', 'results-gone'] as const

export const manySessions: Attack = {
  name: 'many-sessions',
  world: 'both',
  plays: 'client',
  targets: ['resources'],
  does: 'acts as many clients, strangers among them, each with its own links and timestamps, to fill every table',
  source: 'sessions are state: who makes many of them makes all replicas keep them',
  expects: 'memory is bounded, all replicas evict the same, and strangers leave nothing',
  exceeds: [
    {
      what: 'bytes of results kept for one client',
      limit: CLIENT_RETAINED_BYTES_MAX,
      sent: 2 * VALUE_BYTES * LARGE_RESULTS,
    },
  ],
  traitors: nobody,
  behaviour: () => together(),
  client: {
    awaits: ANSWERS,
    identities: IDENTITIES,
    behaviour: () => {
      const links: { readonly link: ClientLink; readonly signer: ClientContext['signers'][0] }[] = []
      let timestamp = 0
      return jointly(
        atTick(0, ({ signers, stranger, open }) => {
          const keys = [...signers.slice(1), ...Array.from({ length: STRANGERS }, stranger)]
          links.push(...keys.map((signer) => ({ signer, link: open({ signer }) })))
        }),
        everyTicks(10, ({ request, random }) => {
          // Gaps between timestamps: each may be the last that fits the window.
          timestamp += random.between(1, 64)
          for (const { link, signer } of links) {
            link.sendToAll(request({ signer, timestamp, operations: count }))
          }
        }),
        filling(),
      )
    },
  },
  judge: all(told(...ANSWERS), noViewChange),
  inspect: latencyAtMost(1_000),
}

import { utf8 } from '../../../src/base/bytes.ts'
import { COUNTER_MAX } from '../../../src/messages/limits.ts'
import { CLIENT_ANSWERS } from '../../../src/runtime/inbound/sender-budgets.ts'
import { encodeOperations } from '../../../src/store/operations-writer.ts'
import { type Attack, nobody } from '../../language/attack.ts'
import { together } from '../../language/behaviour.ts'
import { everyTicks, jointly } from '../../language/client-behaviour.ts'
import type { ClientLink } from '../../language/client-context.ts'
import { told } from '../../language/expectations.ts'

const KEY = 'replayed'
/** Each request is sent so often at once, beside the first one. */
const STORM = 4
/** Two timestamps that leave little room above them; the second leaves none. */
const FAR = [2 ** 40, COUNTER_MAX]

const put = (value: string): Uint8Array =>
  encodeOperations([{ kind: 'put', key: utf8(KEY), value: utf8(value) }])

const ANSWERS = ['reply', 'stale', 'timestamp-reused'] as const

export const replayClient: Attack = {
  name: 'replay-client',
  world: 'both',
  plays: 'client',
  targets: ['safety', 'resources'],
  does: 'repeats requests, old ones among them, reuses timestamps, and sends timestamps far in the future',
  source: 'Castro and Liskov, OSDI 1999, section 4.1',
  expects: 'each timestamp has at most one effect, and other clients are served',
  exceeds: [
    {
      what: 'answers without ordering to one client in a tick',
      limit: CLIENT_ANSWERS.perTick,
      sent: STORM + 3,
    },
  ],
  traitors: nobody,
  behaviour: () => together(),
  client: {
    awaits: ANSWERS,
    identities: 2,
    writes: KEY,
    behaviour: () => {
      const said: Uint8Array[] = []
      let far: ClientLink | null = null
      return jointly(
        everyTicks(1, ({ link, request, random }) => {
          const timestamp = said.length + 1
          const newest = request({ timestamp, operations: put(`${timestamp}`) })
          said.push(newest)
          for (let count = 0; count < STORM; count++) link.sendToAll(newest)
          link.sendToAll(said[0] as Uint8Array)
          link.sendToAll(random.pick(said))
          link.sendToAll(request({ timestamp, operations: put('another') }))
        }),
        everyTicks(20, ({ open, request, signers, ticks }) => {
          const signer = signers[1] ?? signers[0]
          far ??= open({ signer })
          const timestamp = FAR[Math.floor(ticks / 20) % FAR.length] as number
          far.sendToAll(request({ signer, timestamp, operations: put('far') }))
        }),
      )
    },
  },
  judge: told(...ANSWERS),
}

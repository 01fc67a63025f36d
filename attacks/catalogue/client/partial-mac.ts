import { utf8 } from '../../../src/base/bytes.ts'
import type { ReplicaId } from '../../../src/base/ids.ts'
import { encodeOperations } from '../../../src/store/operations-writer.ts'
import { type Attack, nobody } from '../../language/attack.ts'
import { together } from '../../language/behaviour.ts'
import { everyTicks, jointly, onAnswer } from '../../language/client-behaviour.ts'
import { all, told, viewChanges } from '../../language/expectations.ts'

const KEY = 'good for one'
const SIGNED_EVERY = 5

const ANSWERS = ['must-sign', 'reply'] as const

export const partialMac: Attack = {
  name: 'partial-mac',
  world: 'both',
  plays: 'client',
  targets: ['liveness', 'performance'],
  does: 'makes the MACs of each request valid for one replica only, the primary first',
  source: 'Clement, Wong, Alvisi, Dahlin and Marchetti, NSDI 2009: the big MAC attack',
  expects: 'at most one view change, however long it lasts: then it must sign, and what it signs is executed',
  traitors: nobody,
  behaviour: () => together(),
  needsMacs: true,
  client: {
    awaits: ANSWERS,
    writes: KEY,
    behaviour: () => {
      let timestamp = 0
      let mustSign = false
      return jointly(
        onAnswer(({ message }) => {
          if (message.kind === 'refusal' && message.reason === 'must-sign') mustSign = true
        }),
        everyTicks(4, ({ n, link, request }) => {
          const number = timestamp++
          const operations = encodeOperations([{ kind: 'put', key: utf8(KEY), value: utf8(`${timestamp}`) }])
          if (mustSign && number % SIGNED_EVERY === 0) {
            link.sendToAll(request({ timestamp, operations }))
            return
          }
          const only = (number % n) as ReplicaId
          link.send(request({ timestamp, operations, goodFor: [only] }), only)
        }),
      )
    },
  },
  judge: all(told(...ANSWERS), viewChanges(0, 1)),
}

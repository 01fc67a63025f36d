import { utf8 } from '../../../src/base/bytes.ts'
import { encodeOperations } from '../../../src/store/operations-writer.ts'
import { type Attack, nobody } from '../../language/attack.ts'
import { together } from '../../language/behaviour.ts'
import { everyTicks } from '../../language/client-behaviour.ts'
import { all, noViewChange, told } from '../../language/expectations.ts'

const KEY = 'two faces'
/** After so many further timestamps each face is shown once more: by then one of them is executed. */
const AGAIN_AFTER = 8

const ANSWERS = ['reply', 'timestamp-reused'] as const

export const equivocatingClient: Attack = {
  name: 'equivocating-client',
  world: 'both',
  plays: 'client',
  targets: ['safety'],
  does: 'signs different operations under one timestamp, one request for each replica',
  source: 'Castro and Liskov, OSDI 1999, section 4.1: a faulty client must not make replicas part',
  expects: 'one request per timestamp is executed, the same on all replicas, and the others are refused',
  traitors: nobody,
  behaviour: () => together(),
  client: {
    awaits: ANSWERS,
    writes: KEY,
    behaviour: () => {
      let timestamp = 0
      const shown = new Map<number, (() => void)[]>()
      return everyTicks(2, ({ replicas, link, request }) => {
        timestamp++
        const faces = replicas.map((id) => {
          const value = utf8(`${timestamp} for ${id}`)
          const frame = request({
            timestamp,
            operations: encodeOperations([{ kind: 'put', key: utf8(KEY), value }]),
          })
          return () => link.send(frame, id)
        })
        shown.set(timestamp, faces)
        for (const show of [...faces, ...(shown.get(timestamp - AGAIN_AFTER) ?? [])]) show()
        shown.delete(timestamp - AGAIN_AFTER)
      })
    },
  },
  judge: all(told(...ANSWERS), noViewChange),
}

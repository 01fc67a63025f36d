import { utf8 } from '../../src/base/bytes.ts'
import type { Sequence } from '../../src/base/ids.ts'
import { encodeFrame, splitFrame } from '../../src/messages/frame.ts'
import { isRejection } from '../../src/messages/rejection.ts'
import { encodeOperations } from '../../src/store/operations-writer.ts'
import { type Attack, lastBackups } from '../attack.ts'
import { onTick } from '../behaviour/behaviour.ts'
import { everyTicks } from '../behaviour/client-behaviour.ts'
import { flipped } from '../behaviour/mutations.ts'
import { all, latencyAtMost, noViewChange, refused } from '../verdicts.ts'

const VOTES_PER_TICK = 10
const REQUESTS_PER_TICK = 10
const OPERATIONS = encodeOperations([{ kind: 'get', key: utf8('k') }])

/** The same frame under a signature that differs in one bit. */
function unsigned(frame: Uint8Array): Uint8Array {
  const parts = splitFrame(frame)
  if (isRejection(parts)) return frame
  return encodeFrame({ ...parts, authentication: flipped(parts.authentication) }).bytes
}

export const badSignatureFlood: Attack = {
  name: 'bad-signature-flood',
  targets: ['resources'],
  does: 'traitors send votes and a client sends requests at full rate, all of them useful if only their signatures were good',
  source:
    'Clement and others, NSDI 2009 (Aardvark), section 4: checking a signature costs more than making it up',
  expects: 'all are refused, what is cheap is checked first, and the others do not notice',
  traitors: lastBackups,
  behaviour: () =>
    onTick(1, ({ state, hash, random, seal, broadcast }) => {
      const { view, lastExecuted } = state
      const digest = hash(new Uint8Array(1))
      for (let count = 0; count < VOTES_PER_TICK; count++) {
        const sequence = (lastExecuted + random.between(1, 4)) as Sequence
        const kind = random.pick(['prepare', 'commit'] as const)
        broadcast(unsigned(seal({ kind, view, sequence, digest })))
      }
    }),
  client: {
    behaviour: () => {
      let timestamp = 0
      return everyTicks(1, ({ link, request }) => {
        const frame = unsigned(request({ timestamp: ++timestamp, operations: OPERATIONS }))
        for (let count = 0; count < REQUESTS_PER_TICK; count++) link.sendToAll(frame)
      })
    },
  },
  judge: all(refused('bad-signature'), noViewChange),
  inspect: latencyAtMost(1_000),
}

import { concatBytes } from '../../../src/base/bytes.ts'
import { type Attack, lastBackups } from '../../language/attack.ts'
import { onSend } from '../../language/behaviour.ts'
import { all, noViewChange, refused } from '../../language/expectations.ts'
import { replace } from '../../language/mutations.ts'
import { isVote } from '../../language/predicates.ts'

/** msgpack's long form of a number below 256. */
const UINT8 = 0xcc

/** The first number, its sender, in two bytes where one is enough. */
const longer = ([array, sender, ...rest]: readonly number[]): Uint8Array =>
  concatBytes(Uint8Array.of(array as number, UINT8, sender as number), Uint8Array.from(rest))

export const twoEncodings: Attack = {
  name: 'two-encodings',
  world: 'both',
  targets: ['safety'],
  does: 'signs votes that encode the same payload in different bytes',
  source: 'signature wrapping and non-canonical encodings',
  expects: 'refused: each payload has exactly one encoding',
  traitors: lastBackups,
  drawn: 'anywhere',
  behaviour: () =>
    onSend(
      isVote,
      replace(({ kind, message }, { sealPayload }) =>
        kind === null || message === null ? null : sealPayload(kind, longer([...message.payload])),
      ),
    ),
  judge: all(refused('payload-not-shortest-form'), noViewChange),
}

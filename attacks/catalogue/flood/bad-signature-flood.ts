import type { Sequence } from '../../../src/base/ids.ts'
import { encodeFrame, splitFrame } from '../../../src/messages/frame.ts'
import { isRejection } from '../../../src/messages/rejection.ts'
import { OFFENCE_CHECKS, REPLICA_WASTE } from '../../../src/runtime/inbound/sender-budgets.ts'
import { type Attack, lastBackups } from '../../language/attack.ts'
import { onTick } from '../../language/behaviour.ts'
import { all, cutOff, holds, noViewChange, refused } from '../../language/expectations.ts'
import type { Facts } from '../../run/run-facts.ts'

const FRAMES_PER_TICK = 100
const DIGEST_BYTES = 32
const EPOCH_BYTES = 4
/** Bad signatures that one correct replica checks until it cuts their sender off. */
const CHECKED_MAX = REPLICA_WASTE.atOnce / OFFENCE_CHECKS
/** Each cut-off is twice as long as the one before: so many fit into a simulated attack, what was saved up included. */
const CUT_OFFS_MAX = 6

/** Wrong for everybody: the whole signature, or each MAC behind the number of their epoch. */
function spoiled(frame: Uint8Array): Uint8Array {
  const parts = splitFrame(frame)
  if (isRejection(parts)) return frame
  const authentication = parts.authentication.map((byte, at) => (at < EPOCH_BYTES ? byte : byte ^ 1))
  return encodeFrame({ ...parts, authentication }).bytes
}

const badOf = ({ rejected }: Pick<Facts, 'rejected'>): number =>
  (rejected.get('bad-signature') ?? 0) + (rejected.get('bad-mac') ?? 0)

export const badSignatureFlood: Attack = {
  name: 'bad-signature-flood',
  world: 'both',
  targets: ['resources', 'performance'],
  does: "sends votes with wrong signatures, in its own name and in others', to every replica at full rate",
  source: 'checking a signature costs far more than sending one',
  expects: 'few of them are checked before the sender is disconnected for a while',
  exceeds: [
    {
      what: 'checks that a peer may waste in a tick',
      limit: REPLICA_WASTE.perTick,
      sent: FRAMES_PER_TICK * OFFENCE_CHECKS,
    },
  ],
  traitors: lastBackups,
  behaviour: () =>
    onTick(1, ({ state, random, seal, sealAs, victims: [victim], broadcast }) => {
      for (let count = 0; count < FRAMES_PER_TICK; count++) {
        const digest = new Uint8Array(DIGEST_BYTES).fill(random.below(256))
        const sequence = (state.ordering.lastExecuted + 1 + (count % 8)) as Sequence
        const vote = { kind: 'commit', view: state.views.view, sequence, digest } as const
        const frame = count % 2 === 0 || victim === undefined ? seal(vote) : sealAs(victim, vote)
        broadcast(spoiled(frame))
      }
    }),
  judge: all(refused('bad-signature'), cutOff, noViewChange),
  inspect: holds(
    (facts) =>
      badOf(facts) > 0 &&
      badOf(facts) <= (facts.n - facts.traitors.length) * facts.traitors.length * CUT_OFFS_MAX * CHECKED_MAX,
    (facts) => `${badOf(facts)} bad signatures were checked`,
  ),
}

/**
 * The measure by which a held-up loop is judged: not milliseconds, which are worth more on one machine than on
 * another, but turns. A turn checks so many signatures at most before sockets and timers have theirs, and how long
 * this machine takes for them is measured by the processor time that it takes.
 */
import type { CryptoSuite } from '../../src/ports.ts'
import { ownMs } from './processes/processor-time.ts'

/** Turns that are measured together: one alone is short for a clock of milliseconds. */
const TURNS = 4
/** A correct replica's loop may be held by its own work for so many turns at most. Some do more than check signatures. */
const HELD_TURNS_MAX = 24

/** Milliseconds of processor time that the signature checks of a turn take, on this machine and as busy as it is now. */
export function measureTurnMs({ signer, hash, verify, checksPerTurn }: CryptoSuite): number {
  const { publicKey, sign } = signer(new Uint8Array(32).fill(1))
  const digest = hash(new Uint8Array(1))
  const signature = sign(digest)
  const beforeMs = ownMs()
  for (let check = 0; check < TURNS * checksPerTurn; check += 1) verify({ publicKey, digest, signature })
  return Math.max(1, (ownMs() - beforeMs) / TURNS)
}

/** For how long the loop of a correct replica may be held where a turn takes this long. In milliseconds. */
export const delayMsMax = (turnMs: number): number => Math.ceil(HELD_TURNS_MAX * turnMs)

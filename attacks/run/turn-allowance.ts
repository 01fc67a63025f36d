/**
 * The limit on a blocked event loop, in turns instead of milliseconds, because machines differ in speed. A turn checks
 * a bounded number of signatures before sockets and timers are served; the processor time of these checks on this
 * machine gives the length of a turn.
 */
import type { CryptoSuite } from '../../src/ports.ts'
import { ownMs } from './processes/processor-time.ts'

/** The number of turns measured together, because a single one is too short for a clock of milliseconds. */
const TURNS = 4
/**
 * The maximum number of turns for which a correct replica's work may block its loop. Some turns do more than check
 * signatures.
 */
const HELD_TURNS_MAX = 24

/** The processor time of the signature checks of a turn on this machine under its current load, in milliseconds. */
export function measureTurnMs({ signer, hash, verify, checksPerTurn }: CryptoSuite): number {
  const { publicKey, sign } = signer(new Uint8Array(32).fill(1))
  const digest = hash(new Uint8Array(1))
  const signature = sign(digest)
  const beforeMs = ownMs()
  for (let check = 0; check < TURNS * checksPerTurn; check += 1) verify({ publicKey, digest, signature })
  return Math.max(1, (ownMs() - beforeMs) / TURNS)
}

/** The time for which the loop of a correct replica may be blocked if a turn takes this long, in milliseconds. */
export const delayMsMax = (turnMs: number): number => Math.ceil(HELD_TURNS_MAX * turnMs)

/** The verdict on an attack of a live cluster, from what its clients got meanwhile. */
import type { Verdict } from '../api/live-attacks.ts'

export interface TrialFacts {
  readonly acts: number
  readonly seconds: number
  readonly isConvicted: boolean
  /** True if more replicas are at fault than the cluster is made for. */
  readonly isBeyond: boolean
  readonly breaksFrom: number | null
  readonly answered: number
  readonly unanswered: number
  readonly wrong: number
  readonly longestGapMs: number
}

/** A silence towards clients that counts as a stop, in milliseconds. */
const STOPPED_MS = 5_000

/** Returns the verdict in a word and in a sentence. */
export function trialVerdict(facts: TrialFacts): { readonly verdict: Verdict; readonly sentence: string } {
  const { acts, answered, wrong, longestGapMs, isConvicted, isBeyond } = facts
  const gap = `the longest gap was ${longestGapMs < 1_000 ? `${Math.round(longestGapMs)} ms` : `${(longestGapMs / 1000).toFixed(1)} s`}`
  const convicted = isConvicted ? ' Its signatures convict it.' : ''
  if (wrong > 0) {
    const believed = `Clients believed ${wrong} answers that are wrong.`
    return isBeyond
      ? {
          verdict: 'broke',
          sentence: `${believed} With more than f liars that is what must happen.${convicted}`,
        }
      : { verdict: 'failed', sentence: `${believed} That must never happen with f liars.` }
  }
  if (acts === 0) {
    return { verdict: 'waiting', sentence: 'It has not acted yet: its moment did not come.' }
  }
  if (answered === 0 || longestGapMs >= STOPPED_MS) {
    const stopped = `It stopped the service: ${gap}, and ${answered} requests were answered. No answer was wrong.`
    return isBeyond
      ? {
          verdict: 'broke',
          sentence: `${stopped} With more than f at fault nothing can be promised.${convicted}`,
        }
      : { verdict: 'failed', sentence: `${stopped} With f at fault the service must go on.` }
  }
  const held = `It acted ${acts === 1 ? 'once' : `${acts} times`}, ${answered} requests were answered rightly, and ${gap}.`
  return { verdict: 'held', sentence: `Held. ${held}${convicted}` }
}

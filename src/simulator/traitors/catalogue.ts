import {
  batchWithholder,
  concealer,
  doubleDealer,
  falseChooser,
  falseTeller,
  falseVoucher,
  falseWitness,
  highClaimer,
  rootLiar,
  runaheadClaimer,
  unfetchableCiter,
} from './oral.ts'
import { equivocator, omitter, partialPrimary, staller, timeTraveller } from './primaries.ts'
import type { Traitor } from './traitor.ts'
import {
  commitWithholder,
  flapper,
  forgetful,
  garbageVoter,
  repeater,
  silent,
  twoFacedVoter,
} from './voters.ts'

/** Every traitor that a plan can name. */
export const TRAITORS: ReadonlyMap<string, Traitor> = new Map(
  [
    silent,
    garbageVoter,
    twoFacedVoter,
    commitWithholder,
    repeater,
    flapper,
    equivocator,
    omitter,
    staller,
    partialPrimary,
    timeTraveller,
    forgetful,
    highClaimer,
    falseWitness,
    concealer,
    rootLiar,
    runaheadClaimer,
    falseVoucher,
    falseTeller,
    batchWithholder,
    doubleDealer,
    unfetchableCiter,
    falseChooser,
  ].map((traitor) => [traitor.name, traitor]),
)

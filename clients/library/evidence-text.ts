import type { EvidenceSubject } from '../../src/messages/evidence.ts'

/** The subject of evidence in words, as in "two pre-prepares for sequence number 7 of view 0". */
export const placeText = ({ kind, view, sequence }: EvidenceSubject): string =>
  `two ${kind}s for sequence number ${sequence}${view === null ? '' : ` of view ${view}`}`

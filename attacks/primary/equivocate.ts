import type { Milliseconds } from '../../src/base/ids.ts'
import { createBatch } from '../../src/messages/batch.ts'
import { type Attack, firstPrimary } from '../attack.ts'
import { onSend } from '../behaviour/behaviour.ts'
import { type Change, equivocate as tellHalf } from '../behaviour/mutations.ts'
import { and, isKind, whilePrimary } from '../behaviour/predicates.ts'

/** The same requests, a millisecond later and the other way round: another batch. */
const otherBatch: Change = (content, { hash }) => {
  if (content.kind !== 'pre-prepare') return content
  const { time, requests } = content.batch
  return { ...content, batch: createBatch(hash, (time + 1) as Milliseconds, [...requests].reverse()) }
}

export const equivocate: Attack = {
  name: 'equivocate',
  targets: ['safety'],
  does: 'as primary proposes different batches for one (v, s) to two halves of the backups',
  source: 'Castro and Liskov, OSDI 1999, section 4.2',
  expects: 'at most one of them prepares, and both signed proposals are kept as evidence',
  traitors: firstPrimary,
  behaviour: () => onSend(and(isKind('pre-prepare'), whilePrimary), tellHalf(otherBatch)),
  judge: ({ guilty, traitors }) =>
    guilty.includes(traitors[0] as never) ? [] : ['there is no evidence against the primary'],
}

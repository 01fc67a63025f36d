import { BATCH_BYTES_MAX } from '../../../src/messages/limits.ts'
import { type Attack, firstPrimary } from '../../language/attack.ts'
import { onSend } from '../../language/behaviour.ts'
import { all, refused, viewChanges } from '../../language/expectations.ts'
import { type Change, set } from '../../language/mutations.ts'
import { and, isKind, times, whilePrimary } from '../../language/predicates.ts'

/** Larger than a batch may be, and smaller than a frame. */
const BYTES = BATCH_BYTES_MAX + 1

const tooLarge: Change = (content, { hash }) => {
  if (content.kind !== 'pre-prepare') return content
  const bytes = new Uint8Array(BYTES)
  return { ...content, batch: { ...content.batch, bytes, digest: hash(bytes) } }
}

export const oversizedBatch: Attack = {
  name: 'oversized-batch',
  world: 'both',
  targets: ['resources'],
  does: 'as primary proposes batches above the size limit',
  source: 'every limit in the messages has somebody who tries it',
  expects: 'they are refused by size, before their contents are read',
  exceeds: [{ what: 'bytes of a batch', limit: BATCH_BYTES_MAX, sent: BYTES }],
  traitors: firstPrimary,
  drawn: 'as primary',
  behaviour: () => onSend(and(isKind('pre-prepare'), whilePrimary, times(12)), set(tooLarge)),
  judge: all(refused('batch-too-large'), viewChanges(0, 1)),
}

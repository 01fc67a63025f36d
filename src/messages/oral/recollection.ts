/**
 * RECOLLECTION without signatures: answers a RECALL with claims about the newest messages of its sender (rule 6.4).
 * Payload `[sender, nonce, [kind, view, sequence][]]`.
 */
import type { ReplicaId, Sequence, View } from '../../base/ids.ts'
import { type Codec, type ContentDescriber, NO_BODY } from '../codec.ts'
import type { FieldReader } from '../fields.ts'
import { type ContentOf, type Received, withoutBody } from '../received.ts'
import { rejection } from '../rejection.ts'

/** The kinds, in the order of their numbers in a reminder. */
const REMINDED_KINDS = ['pre-prepare', 'prepare', 'commit', 'checkpoint', 'view-change'] as const

/** A replica's claim about another one's messages: the highest (v, s) of one kind that it received. */
export interface Reminder {
  readonly kind: (typeof REMINDED_KINDS)[number]
  /** 0 for a CHECKPOINT, which belongs to no view. */
  readonly view: View
  /** 0 for a VIEW-CHANGE. */
  readonly sequence: Sequence
}

export interface OralRecollection extends Received {
  readonly kind: 'oral-recollection'
  readonly sender: ReplicaId
  readonly nonce: number
  /** The reminders, at most one of each kind. */
  readonly reminders: readonly Reminder[]
}

export type OralRecollectionContent = ContentOf<OralRecollection>

/** The number of fields: the kind, v and s. */
const REMINDER_FIELDS = 3

export const oralRecollectionCodec: Codec<OralRecollection> & ContentDescriber<OralRecollectionContent> = {
  encode({ nonce, reminders }, sender) {
    const items = reminders.map(({ kind, view, sequence }) => [REMINDED_KINDS.indexOf(kind), view, sequence])
    return { payload: [sender, nonce, items], body: NO_BODY }
  },
  decode: (frame) =>
    withoutBody(frame, (fields, received) => {
      const sender = fields.integer<ReplicaId>()
      const nonce = fields.integer()
      const reminders = decodeReminders(fields)
      if (reminders === null) return rejection('payload-shape')
      return { kind: 'oral-recollection', sender, nonce, reminders, ...received }
    }),
  describe() {},
}

/** Reads reminders; null if one of them has an unknown kind or lacks a field. */
function decodeReminders(fields: FieldReader): readonly Reminder[] | null {
  const reminders: Reminder[] = []
  const most = { lists: REMINDED_KINDS.length, each: REMINDER_FIELDS }
  for (const [number, view, sequence] of fields.integerLists(most)) {
    const kind = REMINDED_KINDS[number ?? REMINDED_KINDS.length]
    if (kind === undefined || view === undefined || sequence === undefined) return null
    reminders.push({ kind, view: view as View, sequence: sequence as Sequence })
  }
  return reminders
}

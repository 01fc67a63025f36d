/**
 * STATUS: lists the messages that a replica has, so that others can send those that it lacks (rule 1.11). Valid on its
 * sender's link only. Payload `[sender, view, active 0/1, held VIEW-CHANGEs, complaint, h, last executed, accepted,
 * prepared, committed]`.
 */
import type { ReplicaId, Sequence, View } from '../base/ids.ts'
import { type Codec, type ContentDescriber, NO_BODY } from './codec.ts'
import { LOG_WINDOW } from './limits.ts'
import { type ContentOf, type Received, withoutBody } from './received.ts'
import { rejection } from './rejection.ts'

/**
 * The complaints about a primary (rule 5.4), in the order of their numbers on the wire. `slow`: its throughput is below
 * that of other primaries. `late`: it proposes long after it could. `unfair`: it starves a client. `equivocating`: it
 * equivocates (rule 1.5).
 */
export const COMPLAINTS = ['slow', 'late', 'unfair', 'equivocating'] as const
export type Complaint = (typeof COMPLAINTS)[number]

export interface Status extends Received {
  readonly kind: 'status'
  readonly sender: ReplicaId
  readonly view: View
  /** True if it holds the NEW-VIEW of its view. */
  readonly isActive: boolean
  /** A bit set: bit i is set if it holds replica i's VIEW-CHANGE for its view. */
  readonly viewChanges: number
  /** Its complaint about the primary of its view; null if it has none (rule 5.4). */
  readonly complaint: Complaint | null
  readonly lowWatermark: Sequence
  readonly lastExecuted: Sequence
  /** Bit k of each stands for sequence lastExecuted + 1 + k: pre-prepare accepted, prepared, committed. */
  readonly accepted: Uint8Array
  readonly prepared: Uint8Array
  readonly committed: Uint8Array
}

export type StatusContent = ContentOf<Status>

const BITMAP = { least: 0, most: LOG_WINDOW / 8 }

export const statusCodec: Codec<Status> & ContentDescriber<StatusContent> = {
  encode(content, sender) {
    const { view, isActive, viewChanges, complaint, lowWatermark, lastExecuted } = content
    const { accepted, prepared, committed } = content
    const complained = complaint === null ? 0 : COMPLAINTS.indexOf(complaint) + 1
    const state = [view, Number(isActive), viewChanges, complained, lowWatermark, lastExecuted]
    return { payload: [sender, ...state, accepted, prepared, committed], body: NO_BODY }
  },
  decode: (frame) =>
    withoutBody(frame, (fields, received) => {
      const sender = fields.integer<ReplicaId>()
      const view = fields.integer<View>()
      const isActive = fields.flag()
      const viewChanges = fields.integer()
      const complained = fields.integer()
      const complaint = complained === 0 ? null : COMPLAINTS[complained - 1]
      if (complaint === undefined) return rejection('payload-shape')
      return {
        kind: 'status',
        sender,
        view,
        isActive,
        viewChanges,
        complaint,
        lowWatermark: fields.integer<Sequence>(),
        lastExecuted: fields.integer<Sequence>(),
        accepted: fields.bytes(BITMAP),
        prepared: fields.bytes(BITMAP),
        committed: fields.bytes(BITMAP),
        ...received,
      }
    }),
  describe(sink, { view, lastExecuted }) {
    sink.number('v', view)
    sink.number('executed', lastExecuted)
  },
}

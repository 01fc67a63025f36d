import type { ReplicaId, View } from '../../base/ids.ts'
import type { PrePrepare, Verified, Vote } from '../../messages/message.ts'
import { EARLY_BYTES_PER_SENDER_MAX, EARLY_PER_SENDER_MAX } from '../parameters.ts'

type Early = Verified<PrePrepare> | Verified<Vote>

interface Room {
  readonly messages: Map<string, Early>
  bytes: number
}

/**
 * Messages of views that this replica has not entered yet. A NEW-VIEW is large, so the messages that follow it may
 * overtake it. Each sender has its own bound, so no sender uses up another's room.
 * @rule 1.5
 */
export class EarlyMessages {
  readonly #bySender: Room[]

  constructor(n: number) {
    this.#bySender = Array.from({ length: n }, () => ({ messages: new Map(), bytes: 0 }))
  }

  /** Returns the number of messages and bytes kept for one sender. */
  sizeFor(sender: ReplicaId): { readonly count: number; readonly bytes: number } {
    const room = this.#bySender[sender]
    return { count: room?.messages.size ?? 0, bytes: room?.bytes ?? 0 }
  }

  /**
   * True if the message would be kept and is not kept yet. Called before its signatures are checked.
   * @rule 5.5
   */
  wants(message: Pick<Early, 'kind' | 'view' | 'sequence' | 'sender' | 'bytes'>): boolean {
    const room = this.#bySender[message.sender]
    if (room === undefined || room.messages.has(keyOf(message))) return false
    return hasRoomFor(room, message)
  }

  /** Keeps a message. Returns false if the sender's room is full; STATUS makes its sender retransmit it later. */
  add(message: Early): boolean {
    const room = this.#bySender[message.sender]
    if (room === undefined) return false
    const key = keyOf(message)
    if (room.messages.has(key)) return true // a replayed message takes no room
    if (!hasRoomFor(room, message)) return false
    room.messages.set(key, message)
    room.bytes += message.bytes.length
    return true
  }

  /** Removes and returns the messages of this view, and drops those of earlier views. */
  takeFor(view: View): readonly Early[] {
    const taken: Early[] = []
    for (const room of this.#bySender) {
      for (const [key, message] of room.messages) {
        if (message.view > view) continue
        room.messages.delete(key)
        room.bytes -= message.bytes.length
        if (message.view === view) taken.push(message)
      }
    }
    return taken
  }
}

const keyOf = ({ kind, view, sequence }: Pick<Early, 'kind' | 'view' | 'sequence'>): string =>
  `${kind}:${view}:${sequence}`

const hasRoomFor = ({ messages, bytes }: Room, message: Pick<Early, 'bytes'>): boolean =>
  messages.size < EARLY_PER_SENDER_MAX && bytes + message.bytes.length <= EARLY_BYTES_PER_SENDER_MAX

/**
 * MAC-COMPLAINT: a request of this client arrived with a MAC that is wrong for the sender of the complaint (rule 4.10).
 * Payload `[sender, client key]`.
 */
import { fromHex, toHex } from '../../base/bytes.ts'
import type { ClientId, ReplicaId } from '../../base/ids.ts'
import { type Codec, type ContentDescriber, NO_BODY } from '../codec.ts'
import { PUBLIC_KEY_BYTES } from '../limits.ts'
import { type ContentOf, type Received, withoutBody } from '../received.ts'

export interface MacComplaint extends Received {
  readonly kind: 'mac-complaint'
  readonly sender: ReplicaId
  readonly client: ClientId
}

export type MacComplaintContent = ContentOf<MacComplaint>

const KEY = { least: PUBLIC_KEY_BYTES, most: PUBLIC_KEY_BYTES }

export const macComplaintCodec: Codec<MacComplaint> & ContentDescriber<MacComplaintContent> = {
  encode: ({ client }, sender) => ({ payload: [sender, fromHex(client) ?? NO_BODY], body: NO_BODY }),
  decode: (frame) =>
    withoutBody(frame, (fields, received) => ({
      kind: 'mac-complaint',
      sender: fields.integer<ReplicaId>(),
      client: toHex(fields.bytes(KEY)) as ClientId,
      ...received,
    })),
  describe() {},
}

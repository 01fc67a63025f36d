import { concatBytes, utf8 } from '../../../src/base/bytes.ts'
import { FRAME_KINDS, type FrameKindName } from '../../../src/messages/kinds.ts'
import {
  COUNTER_MAX,
  PAYLOAD_BYTES_MAX,
  PAYLOAD_DEPTH_MAX,
  PAYLOAD_ITEMS_MAX,
} from '../../../src/messages/limits.ts'
import { KEY_BYTES_MAX, OPERATIONS_MAX, VALUE_BYTES_MAX } from '../../../src/store/operations.ts'
import { type Attack, nobody } from '../../language/attack.ts'
import { together } from '../../language/behaviour.ts'
import { everyTicks } from '../../language/client-behaviour.ts'
import { all, noViewChange, refused, sameRefusals, told } from '../../language/expectations.ts'
import { HOSTILE_OPERATIONS, HOSTILE_SIZES, hostilePayloads, reframed } from '../../language/hostile-bytes.ts'

const KINDS = Object.keys(FRAME_KINDS) as readonly FrameKindName[]

const ANSWERS = ['reply'] as const

export const hostilePayload: Attack = {
  name: 'hostile-payload',
  world: 'both',
  plays: 'client',
  targets: ['safety', 'resources'],
  does: 'signs keys such as __proto__, broken text, false counts and lengths, deep nesting, unsafe integers',
  source: 'inputs that made parsers and stores differ, from prototype pollution to overlong UTF-8',
  expects: 'every replica judges each of them alike, and executes the well-formed ones alike',
  exceeds: [
    { what: 'depth of a payload', limit: PAYLOAD_DEPTH_MAX, sent: HOSTILE_SIZES.depth },
    { what: 'items of a payload', limit: PAYLOAD_ITEMS_MAX, sent: HOSTILE_SIZES.items },
    { what: 'bytes of a payload', limit: PAYLOAD_BYTES_MAX, sent: HOSTILE_SIZES.payloadBytes },
    { what: 'the largest number that a message names', limit: COUNTER_MAX, sent: HOSTILE_SIZES.number },
    { what: 'bytes of a key', limit: KEY_BYTES_MAX, sent: HOSTILE_SIZES.keyBytes },
    { what: 'bytes of a value', limit: VALUE_BYTES_MAX, sent: HOSTILE_SIZES.valueBytes },
    { what: 'operations of a request', limit: OPERATIONS_MAX, sent: HOSTILE_SIZES.operations },
  ],
  traitors: nobody,
  behaviour: () => together(),
  client: {
    awaits: ANSWERS,
    behaviour: () => {
      let timestamp = 0
      let payloads: readonly Uint8Array[] = []
      return everyTicks(2, (place) => {
        const { link, request, seal, random } = place
        if (payloads.length === 0) payloads = hostilePayloads(place)
        const operations = HOSTILE_OPERATIONS[timestamp % HOSTILE_OPERATIONS.length] as Uint8Array
        const wellFormed = request({ timestamp: ++timestamp, operations })
        link.sendToAll(wellFormed)
        link.sendToAll(request({ timestamp: 0, operations }))
        // Of the forms that are none, some at a time: each goes to all replicas.
        for (let each = 0; each < 3; each++) {
          const payload = payloads[(3 * timestamp + each) % payloads.length] as Uint8Array
          link.sendToAll(seal('request', payload, operations))
          link.sendToAll(seal(random.pick(KINDS), payload))
        }
        for (const frame of reframed(wellFormed)) link.sendToAll(frame)
        link.sendToAll(seal('inquiry', concatBytes(Uint8Array.of(0x91, 1), utf8('more'))))
      })
    },
  },
  judge: all(
    told(...ANSWERS),
    refused('payload-too-deep'),
    refused('unsafe-integer'),
    refused('payload-too-many-items'),
    refused('digest-mismatch'),
    refused('kind-not-for-this-link'),
    noViewChange,
  ),
  inspect: sameRefusals,
}

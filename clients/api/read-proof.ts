/** Proved reads: the value of a key, or its absence, under a certified checkpoint. `clients/verify` checks them. */
import { z } from 'zod'
import { type Described, endpoint, json, octets } from './endpoint.ts'
import { keyBytes, namedKey, oneOf } from './parameters.ts'

const bytes = (description: string) => z.string().meta({ contentEncoding: 'base64' }).describe(description)

export const ReadProofDocument = z
  .strictObject({
    strategos: z.literal('read-proof'),
    version: z.literal(1),
    clusterId: z.string(),
    says: z
      .strictObject({
        key: z.string().describe('The name of the key.'),
        present: z.boolean(),
        createRevision: z.int().optional(),
        modRevision: z.int().optional(),
        version: z.int().optional(),
        lease: z.string().optional(),
        valueBytes: z.int().optional(),
        revision: z.int().describe("The store's revision in this state."),
        sequence: z.int().describe('The sequence number of the checkpoint.'),
        time: z.int().describe('The executed time of the state, in milliseconds since 1970.'),
        replicas: z.array(z.int()).describe('The replicas that certify it.'),
      })
      .describe('The contents in words. A verifier compares them with the bytes.'),
    key: bytes('The key.'),
    certificate: bytes('The CHECKPOINTs of 2f + 1 replicas.'),
    counters: bytes("The pages of the state from the root to its counters: the state's revision and time."),
    proof: bytes("The pages of the state from the root to the key's place, and its value."),
  })
  .describe('Proof of a value, or of absence: `strategos verify` checks it with the cluster file alone.')

export type ReadProofDocument = Described<typeof ReadProofDocument>

const STATE = {
  state: {
    description:
      '`last`: the last certified checkpoint, which may be old. `next`: the first one that covers all that was answered before, for which the order is filled up.',
    schema: oneOf('state', ['last', 'next']).optional(),
  },
} as const

export const proveKey = endpoint({
  method: 'GET',
  path: '/v1/proof',
  summary: 'Proves the value of a key, or its absence, in a certified state.',
  description:
    'The proof holds the pages on the way to the key, with the keys beside it. It proves what the state was, not that it still is so: its sequence number, revision and time say how old it is.',
  parameters: {
    key: {
      description: 'Any bytes, percent-encoded; 1 to 4,096 bytes.',
      schema: keyBytes('the key').optional(),
    },
    name: { description: 'In place of `key`: its name, as answers give it.', schema: namedKey.optional() },
    ...STATE,
  },
  answers: { 200: json(ReadProofDocument, 'The proof.') },
  problems: ['bad-key', 'no-evidence', 'no-checkpoint', 'stalled', 'unknown', 'refused', 'key-shared'],
})

export const getSnapshot = endpoint({
  method: 'GET',
  path: '/v1/snapshot',
  summary: 'Streams the whole state of a certified checkpoint, with its proof: a snapshot file.',
  description:
    '`strategos snapshot` saves and checks it. The file ends early if the state cannot be read any more, and is refused then.',
  parameters: STATE,
  answers: { 200: { description: 'The snapshot file.', content: octets } },
  problems: ['no-evidence', 'no-checkpoint', 'busy', 'stalled', 'unknown', 'refused', 'key-shared'],
})

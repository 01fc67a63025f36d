/** Receipts: proof of the effect of a request, as part of an answer. `clients/verify` checks them. */
import { z } from 'zod'
import { fromHex } from '../../src/base/bytes.ts'
import type { Described } from './endpoint.ts'
import { handedOut, oneOf } from './parameters.ts'

const bytes = (description: string) => z.string().meta({ contentEncoding: 'base64' }).describe(description)
const words = z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()]))

export const ReceiptDocument = z
  .strictObject({
    strategos: z.literal('receipt'),
    version: z.literal(1),
    clusterId: z.string(),
    says: z
      .strictObject({
        client: z.string().describe('The public key of the client that signed the request: the gateway.'),
        timestamp: z.int(),
        requestDigest: z.string(),
        sequence: z.int().describe('The sequence number at or before which the request was executed.'),
        replicas: z.array(z.int()).describe('The replicas that signed.'),
        operations: z.array(words),
        results: z.array(words),
      })
      .describe('The contents in words. A verifier compares them with the bytes.'),
    request: bytes("The client's signed REQUEST, a frame."),
    results: bytes('The results of its operations.'),
    replies: z.array(bytes('The signed REPLY of a replica, a frame without results.')),
  })
  .describe('Proof of the effect of a request: `strategos verify` checks it with the cluster file alone.')

export type ReceiptDocument = Described<typeof ReceiptDocument>

const CHALLENGE_BYTES = { least: 16, most: 64 }

/** Returns the bytes of a challenge; null for an invalid text. */
export function challengeOf(text: string): Uint8Array | null {
  const challenge = fromHex(text)
  if (challenge === null || challenge.length < CHALLENGE_BYTES.least) return null
  return challenge.length <= CHALLENGE_BYTES.most ? challenge : null
}

const receiptFlag = oneOf('receipt', ['true', '1', '', 'false'])
  .transform((word) => word !== 'false')
  .meta({ type: 'boolean' })

export const RECEIPT_PARAMETERS = {
  receipt: {
    description:
      'Answers with JSON that contains a receipt: signatures of replicas on the results of this request.',
    schema: receiptFlag.optional(),
  },
  challenge: {
    description:
      'With `receipt`: 16 to 64 random bytes in hexadecimal. The request reads a key of this name too, so that its receipt is not older than the challenge.',
    schema: handedOut('challenge', challengeOf).optional(),
  },
} as const

/** The member of an answer that contains the receipt. */
export const receiptMember = { receipt: ReceiptDocument.optional().describe('With `receipt`.') }

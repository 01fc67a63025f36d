/**
 * Challenges: what shows that a receipt is not an old one. A request with a challenge also reads a key that contains it.
 * Nobody knew the challenge before its caller drew it, so the request was signed and executed after that moment. The key
 * need not exist, and its result does not matter.
 */
import { concatBytes, utf8 } from '../../src/base/bytes.ts'
import type { Operation } from '../../src/store/operations-writer.ts'

const PREFIX = utf8('strategos challenge ')

export const challengeOperation = (challenge: Uint8Array): Operation => ({
  kind: 'get',
  key: concatBytes(PREFIX, challenge),
})

/** Returns the operations of a request that executes one operation under a challenge; null stands for none. */
export const challengedOperations = (
  operation: Operation,
  challenge: Uint8Array | null,
): readonly Operation[] => (challenge === null ? [operation] : [operation, challengeOperation(challenge)])

/** The resource `/v1/compact`: the compaction of the history. */
import { z } from 'zod'
import { endpoint, IDEMPOTENCY_HEADER, json } from './endpoint.ts'
import { IDEMPOTENCY_PROBLEMS, STORE_PROBLEMS } from './store-problems.ts'

const Compaction = z.strictObject({
  revision: z.int().min(1).describe('The oldest revision that can still be read afterwards.'),
})

const Compacted = z.strictObject({
  revision: z.int().describe("The store's revision."),
  floor: z.int().describe('The oldest revision that can still be read.'),
})

export const compactHistory = endpoint({
  method: 'POST',
  path: '/v1/compact',
  summary: 'Discards the history below a revision: reads of older revisions then fail with `compacted`.',
  description:
    'What is there now stays, whatever its age. The store also compacts by itself: by number, age and bytes of what it keeps.',
  headers: IDEMPOTENCY_HEADER,
  body: {
    description: 'The revision.',
    bytesMax: 1024,
    content: { 'application/json': Compaction },
  },
  answers: { 200: json(Compacted, 'The floor has moved.') },
  problems: [
    'future-revision',
    'compacted',
    'too-slow',
    'too-large',
    ...IDEMPOTENCY_PROBLEMS,
    ...STORE_PROBLEMS,
  ],
})

export type CompactedAnswer = z.output<typeof Compacted>

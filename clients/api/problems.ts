/** The problems that the gateway reports: their stable codes, and the problem document (RFC 9457). */
import { z } from 'zod'
import { ReceiptDocument } from './receipt.ts'

/** The HTTP status and the title of each problem, by code. */
export const PROBLEMS = {
  'bad-key': { status: 400, title: 'The key is empty, too long or not well encoded' },
  'bad-request': { status: 400, title: 'The request cannot be understood' },
  'future-revision': { status: 400, title: 'The store has not yet reached this revision' },
  unauthenticated: { status: 401, title: 'The gateway does not know who asks' },
  denied: { status: 403, title: 'This is not allowed' },
  'no-evidence': { status: 404, title: 'The replicas of this cluster do not sign, so there is no evidence' },
  'lease-not-found': { status: 404, title: 'The lease does not exist' },
  'not-found': { status: 404, title: 'The key does not exist' },
  'no-such-route': { status: 404, title: 'The gateway has no such route' },
  'no-such-method': { status: 405, title: 'The route does not take this method' },
  'too-slow': { status: 408, title: 'The request took too long to arrive' },
  'lease-exists': { status: 409, title: 'A lease has this id already' },
  'already-done': { status: 409, title: 'The write was executed before, and its result is no longer kept' },
  compacted: { status: 410, title: 'The history of this revision was compacted' },
  'revision-moved': { status: 412, title: 'The key is at another revision' },
  'too-large': { status: 413, title: 'The value or the request is too large' },
  unsupported: { status: 415, title: 'The request is in a form that is not supported' },
  'idempotency-key-reused': { status: 422, title: 'Another write had this idempotency key' },
  busy: { status: 429, title: 'Too much waits already' },
  'too-many-watches': { status: 429, title: 'There are too many watches already' },
  'long-head': { status: 431, title: 'The request line and headers are too long' },
  internal: { status: 500, title: 'The gateway failed' },
  'key-shared': { status: 503, title: 'Another process uses the client key of this gateway' },
  'no-checkpoint': { status: 503, title: 'No state is certified yet, or it cannot be read any more' },
  refused: { status: 503, title: 'The replicas refuse the requests of this gateway' },
  stalled: { status: 503, title: 'Earlier requests wait for the replicas, and this one was not sent' },
  unknown: {
    status: 504,
    title: 'The replicas did not answer in time; the request may or may not have been executed',
  },
  'too-many-leases': { status: 507, title: 'The maximum number of leases is reached' },
  'too-many-lease-keys': { status: 507, title: 'The maximum number of keys of the lease is reached' },
  'no-space': { status: 507, title: 'The store is full' },
  'no-timestamps': { status: 507, title: 'The gateway cannot reserve request numbers on its disk' },
} as const satisfies Readonly<Record<string, { readonly status: number; readonly title: string }>>

export type ProblemCode = keyof typeof PROBLEMS

export const PROBLEM_CODES = Object.keys(PROBLEMS) as [ProblemCode, ...ProblemCode[]]

/** Problems that any route can report. */
export const GENERAL_PROBLEMS = ['bad-request', 'unauthenticated', 'denied', 'busy', 'internal'] as const

export const ProblemDocument = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    code: z.enum(PROBLEM_CODES),
    detail: z.string().describe('A sentence about this request.'),
    answering: z.int().optional().describe('Replicas that answered just now.'),
    missing: z.array(z.int()).optional().describe('The replicas that have not answered yet.'),
    because: z.string().optional().describe('The reason for the wait.'),
    known: z
      .array(z.string())
      .optional()
      .describe('The parameters that the route accepts, if an unknown one was given.'),
    revision: z.int().optional().describe("The store's revision."),
    floor: z.int().optional().describe('The oldest revision that can still be read.'),
    receipt: ReceiptDocument.optional().describe(
      'Where a receipt was asked for and replicas signed this: for a key that does not exist or is at another revision.',
    ),
    modRevision: z.int().optional().describe('The modification revision of the key; 0 if it does not exist.'),
  })
  .describe('RFC 9457, with a code that does not change.')

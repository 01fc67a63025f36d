/** The resource `/v1/leases`: leases, which expire by the time that the replicas agree on. */
import { z } from 'zod'
import { leaseIdOf } from '../../src/store/lease-id.ts'
import { LEASE_TTL_MAX } from '../../src/store/leases.ts'
import { endpoint, IDEMPOTENCY_HEADER, json } from './endpoint.ts'
import { keyBytes, leaseId } from './parameters.ts'
import { IDEMPOTENCY_PROBLEMS, STORE_PROBLEMS } from './store-problems.ts'

const ID_IN_PATH = {
  id: { description: 'The lease id: up to 16 hexadecimal digits.', schema: leaseId('the id') },
} as const

const LeaseId = z.string().describe('The lease id: 16 hexadecimal digits.')
const StoreRevision = z.int().describe("The store's revision.")
const Ttl = z.int().describe('The time to live in seconds, which a keep-alive restarts.')

const Grant = z.strictObject({
  ttl: z
    .int()
    .min(0)
    .max(LEASE_TTL_MAX)
    .describe(
      'The time to live in seconds: at least 2, smaller values are raised to 2, and at most 9,000,000,000.',
    ),
  id: z
    .string()
    .refine((text) => leaseIdOf(text) !== null, 'an id is up to 16 hexadecimal digits')
    .optional()
    .describe('The lease id, up to 16 hexadecimal digits; without it, or with 0, the store chooses one.'),
})
const Granted = z.strictObject({ id: LeaseId, ttl: Ttl, revision: StoreRevision })
const Shown = z.strictObject({
  id: LeaseId,
  ttl: Ttl,
  left: z
    .number()
    .describe('The seconds until it expires, counted from the time of the last executed batch.'),
  keys: z.array(z.string()).describe('The names of the keys attached to it, in byte order.'),
  more: z
    .boolean()
    .describe('True if the size of the answer truncated the list of keys: ask again with `after`.'),
  revision: StoreRevision,
})
const Listed = z.strictObject({ leases: z.array(LeaseId), revision: StoreRevision })
const Revoked = z.strictObject({
  id: LeaseId,
  deleted: z.int().describe('The number of keys deleted with it, all at one revision.'),
  revision: StoreRevision,
})

export const grantLease = endpoint({
  method: 'POST',
  path: '/v1/leases',
  summary: 'Grants a lease: keys attached to it are deleted when it ends.',
  description:
    'It expires by the time that the replicas agree on, which no faulty replica can move, and never before its time to live is over.',
  body: {
    description: 'The time to live, and optionally the lease id.',
    bytesMax: 1024,
    content: { 'application/json': Grant },
  },
  answers: { 200: json(Granted, 'The lease runs.') },
  headers: IDEMPOTENCY_HEADER,
  problems: [
    'too-slow',
    'lease-exists',
    'too-large',
    'too-many-leases',
    ...IDEMPOTENCY_PROBLEMS,
    ...STORE_PROBLEMS,
  ],
})

export const listLeases = endpoint({
  method: 'GET',
  path: '/v1/leases',
  summary: 'Lists the ids of all leases.',
  answers: { 200: json(Listed, 'The current leases.') },
  problems: ['too-large', ...STORE_PROBLEMS],
})

export const getLease = endpoint({
  method: 'GET',
  path: '/v1/leases/{id}',
  summary: 'Reads a lease: its remaining time, and its keys.',
  parameters: {
    ...ID_IN_PATH,
    after: {
      description: 'The key after which the list of keys starts, percent-encoded.',
      schema: keyBytes('after').optional(),
    },
  },
  answers: { 200: json(Shown, 'The lease.') },
  problems: ['bad-key', 'lease-not-found', 'too-large', ...STORE_PROBLEMS],
})

export const revokeLease = endpoint({
  method: 'DELETE',
  path: '/v1/leases/{id}',
  summary: 'Ends a lease and deletes its keys, all at one revision.',
  parameters: ID_IN_PATH,
  answers: { 200: json(Revoked, 'The lease has ended.') },
  headers: IDEMPOTENCY_HEADER,
  problems: ['lease-not-found', ...IDEMPOTENCY_PROBLEMS, ...STORE_PROBLEMS],
})

export const keepLease = endpoint({
  method: 'POST',
  path: '/v1/leases/{id}/keep-alive',
  summary: 'Renews a lease: its time to live starts again.',
  parameters: ID_IN_PATH,
  answers: { 200: json(Granted, 'The lease is renewed.') },
  problems: ['lease-not-found', ...STORE_PROBLEMS],
})

export type LeaseGrantedAnswer = z.output<typeof Granted>
export type LeaseShownAnswer = z.output<typeof Shown>
export type LeasesListedAnswer = z.output<typeof Listed>
export type LeaseRevokedAnswer = z.output<typeof Revoked>

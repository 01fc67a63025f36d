/** The resource `/v1/txn`: transactions, which execute several operations at one revision, chosen by comparisons. */
import { z } from 'zod'
import { COMPARE_RELATIONS_SHOWN } from './compare-relations.ts'
import { endpoint, IDEMPOTENCY_HEADER, json } from './endpoint.ts'
import { Item, KeyFound, keyRevisions, StoreRevision } from './keys.ts'
import { leaseIdNumber, nameBytes } from './parameters.ts'
import { LIST_LIMIT_MAX, ORDER_NAMES, SORT_NAMES } from './range-parameters.ts'
import { IDEMPOTENCY_PROBLEMS, STORE_PROBLEMS } from './store-problems.ts'

/** The maximum size of a transaction in the replicas' encoding, in bytes. */
export const TRANSACTION_BYTES_MAX = 1536 * 1024
/** The maximum size of its JSON document, in bytes; values may be in base64. */
const DOCUMENT_BYTES_MAX = 3 * 1024 * 1024

const number = z.int().min(0)
const leaseDigits = leaseIdNumber('the lease')
const key = nameBytes('the key').describe('By its name, as answers give it.')

const VALUE = {
  text: z.string().optional().describe('The value, where it is UTF-8.'),
  value: z.base64().optional().describe('The value in base64, instead of `text`.'),
}

const RANGE = {
  prefix: nameBytes('the prefix', 0)
    .optional()
    .describe('Selects the keys with this prefix. Empty: every key.'),
  start: nameBytes('start').optional().describe('The first key of the range, instead of `prefix`.'),
  end: nameBytes('end').optional().describe('The end of the range, exclusive, instead of `prefix`.'),
}

const Compare = z
  .strictObject({
    key: key.optional(),
    ...RANGE,
    relation: z.enum(COMPARE_RELATIONS_SHOWN).default('='),
    ...VALUE,
    version: number.optional().describe('0: the key does not exist.'),
    createRevision: number.optional(),
    modRevision: number.optional(),
    lease: leaseDigits
      .optional()
      .describe('The id of its lease, up to 16 hexadecimal digits; 0: it has none.'),
  })
  .describe(
    'A fact of the key (its value, version, create or mod revision, lease), and what it is compared with. With a range each key must be so. A key that does not exist has no value, and 0 for the other facts.',
  )

const Put = z.strictObject({
  key,
  ...VALUE,
  lease: leaseDigits.optional().describe('The lease that the key ends with; none when absent or 0.'),
})
const Get = z.strictObject({ key })
const Range = z.strictObject({
  ...RANGE,
  revision: number.optional().describe('Reads the store at this revision.'),
  limit: number.max(LIST_LIMIT_MAX).optional().describe('The maximum number of keys; no limit by default.'),
  keysOnly: z.boolean().optional(),
  countOnly: z.boolean().optional(),
  sort: z.enum(SORT_NAMES).optional(),
  order: z.enum(ORDER_NAMES).optional(),
  minModRevision: number.optional(),
  maxModRevision: number.optional(),
  minCreateRevision: number.optional(),
  maxCreateRevision: number.optional(),
})
const Delete = z.strictObject({
  key: key.optional(),
  ...RANGE,
  previous: z.boolean().optional().describe('Returns the deleted keys and values.'),
})

export interface TransactionSteps {
  readonly put?: z.output<typeof Put> | undefined
  readonly get?: z.output<typeof Get> | undefined
  readonly range?: z.output<typeof Range> | undefined
  readonly delete?: z.output<typeof Delete> | undefined
  readonly txn?: TransactionBody | undefined
}

export interface TransactionBody {
  readonly compare?: readonly z.output<typeof Compare>[] | undefined
  readonly success?: readonly TransactionSteps[] | undefined
  readonly failure?: readonly TransactionSteps[] | undefined
}

const STEPS = 'Exactly one of `put`, `get`, `range`, `delete` and `txn`.'

const Step: z.ZodType<TransactionSteps> = z
  .strictObject({
    put: Put.optional(),
    get: Get.optional(),
    range: Range.optional(),
    delete: Delete.optional(),
    txn: z.lazy(() => Transaction).optional(),
  })
  .refine((step) => Object.values(step).filter((each) => each !== undefined).length === 1, {
    error: 'a step must have exactly one of put, get, range, delete and txn',
  })
  .describe(STEPS)

export const Transaction: z.ZodType<TransactionBody> = z
  .strictObject({
    compare: z
      .array(Compare)
      .optional()
      .describe('The comparisons, all evaluated before anything is written.'),
    success: z.array(Step).optional().describe('The steps if all comparisons hold.'),
    failure: z.array(Step).optional().describe('The steps if a comparison does not hold.'),
  })
  .describe(
    'At most 128 comparisons, 128 steps in `success` and 128 in `failure`; a nested txn shares these limits.',
  )

const Written = z.strictObject({ revision: StoreRevision, ...keyRevisions })
const Ranged = z.strictObject({
  revision: StoreRevision,
  items: z.array(Item),
  count: z.int().describe('The number of keys in the range, regardless of limit and filters.'),
  more: z.boolean().describe('True if the limit truncated the answer.'),
})
const Deleted = z.strictObject({
  revision: StoreRevision,
  deleted: z.int().describe('The number of keys that were deleted.'),
  items: z.array(Item).optional().describe('The deleted keys, with `previous`.'),
})

export interface StepAnswer {
  readonly put?: z.output<typeof Written> | undefined
  readonly get?: z.output<typeof KeyFound> | null | undefined
  readonly range?: z.output<typeof Ranged> | undefined
  readonly delete?: z.output<typeof Deleted> | undefined
  readonly txn?: TransactionAnswer | undefined
}

export interface TransactionAnswer {
  readonly revision: number
  readonly succeeded: boolean
  readonly results: readonly StepAnswer[]
}

const Answered: z.ZodType<StepAnswer> = z.strictObject({
  put: Written.optional(),
  get: KeyFound.nullable().optional().describe('Null if the key does not exist.'),
  range: Ranged.optional(),
  delete: Deleted.optional(),
  txn: z.lazy(() => TransactionDone).optional(),
})

export const TransactionDone: z.ZodType<TransactionAnswer> = z.strictObject({
  revision: StoreRevision,
  succeeded: z
    .boolean()
    .describe('True if all comparisons held and `success` was executed; otherwise `failure` was executed.'),
  results: z.array(Answered).describe('One result for each executed step, under the name of the step.'),
})

const PROBLEMS = [
  ...(['bad-key', 'future-revision', 'lease-not-found', 'compacted'] as const),
  ...(['too-slow', 'too-large', 'too-many-lease-keys', 'no-space'] as const),
] as const

export const runTransaction = endpoint({
  method: 'POST',
  path: '/v1/txn',
  summary: 'Evaluates comparisons, and executes all of `success` or all of `failure`, at one revision.',
  description:
    'Nothing comes in between, and each step sees what the steps before it wrote. No key is written twice. Where a step cannot be done nothing is. The answer is 200 whether the comparisons held or not.',
  headers: IDEMPOTENCY_HEADER,
  body: {
    description: 'The transaction.',
    bytesMax: DOCUMENT_BYTES_MAX,
    content: { 'application/json': Transaction },
  },
  answers: { 200: json(TransactionDone, 'It is done.') },
  problems: [...PROBLEMS, ...IDEMPOTENCY_PROBLEMS, ...STORE_PROBLEMS],
})

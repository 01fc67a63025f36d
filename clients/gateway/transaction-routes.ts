/**
 * The routes of transactions: they turn the document into an operation of the store, and its result into an answer.
 */
import { given } from '../../src/base/given.ts'
import { type KeyRange, oneKey } from '../../src/store/key-range.ts'
import { NO_LEASE } from '../../src/store/lease-id.ts'
import { type Operation, operationBytes } from '../../src/store/operations-writer.ts'
import type { Result } from '../../src/store/results.ts'
import type { TransactionResult } from '../../src/store/transaction-results.ts'
import type { Compare, TransactionOperation } from '../../src/store/transaction-writer.ts'
import { RELATION_OF } from '../api/compare-relations.ts'
import {
  runTransaction,
  type StepAnswer,
  TRANSACTION_BYTES_MAX,
  type TransactionAnswer,
  type TransactionBody,
  type TransactionSteps,
} from '../api/transaction.ts'
import type { EndpointRoutes } from './endpoint-routes.ts'
import { idempotencyOf } from './idempotency.ts'
import { itemJson } from './key-json.ts'
import { execute, problemOf, type StoreAccess } from './key-operations.ts'
import { Problem } from './problem.ts'
import { queryOf, rangeOf } from './range-query.ts'

export function transactionRoutes(routes: EndpointRoutes, access: StoreAccess): void {
  routes.add(runTransaction, async ({ body, headers, reply }) => {
    const operation = { ...transactionOf(body), ...idempotencyOf(headers) }
    if (operationBytes(operation) > TRANSACTION_BYTES_MAX) {
      throw new Problem('too-large', 'a transaction has at most 1.5 MiB of keys and values')
    }
    const result = await execute(access, operation)
    if (result.status !== 'ok' || result.kind !== 'transaction') throw refusalOf(result)
    reply.header('strategos-revision', `${result.revision}`)
    return answerOf(body, result)
  })
}

function transactionOf(body: TransactionBody): TransactionOperation {
  return {
    kind: 'transaction',
    compares: (body.compare ?? []).map(compareOf),
    success: (body.success ?? []).map(operationOf),
    failure: (body.failure ?? []).map(operationOf),
  }
}

type CompareDocument = NonNullable<TransactionBody['compare']>[number]

function compareOf(compare: CompareDocument): Compare {
  const { relation, version, createRevision, modRevision, lease, text, value } = compare
  const facts = { version, createRevision, modRevision, lease, value: text ?? value }
  const named = Object.entries(facts).filter(([, fact]) => fact !== undefined)
  if (named.length !== 1) {
    throw new Problem(
      'bad-request',
      'a comparison names one fact: text, value, version, createRevision, modRevision or lease',
    )
  }
  const common = { ...keysOf(compare), relation: RELATION_OF[relation] }
  if (version !== undefined) return { ...common, target: 'version', number: version }
  if (createRevision !== undefined) return { ...common, target: 'create', number: createRevision }
  if (modRevision !== undefined) return { ...common, target: 'mod', number: modRevision }
  if (lease !== undefined) return { ...common, target: 'lease', lease }
  return { ...common, target: 'value', value: bytesOfValue(compare) }
}

function operationOf({ put, get, range, delete: deletion, txn }: TransactionSteps): Operation {
  if (put !== undefined) {
    const { key, lease = NO_LEASE } = put
    const attached = lease === NO_LEASE ? {} : { lease }
    return { kind: 'put', key, value: bytesOfValue(put), ...attached }
  }
  if (get !== undefined) return { kind: 'range', ...oneKey(get.key) }
  if (range !== undefined) {
    // There are no pages here, so the default limit of a page does not apply.
    return queryOf({ ...range, limit: range.limit ?? NO_LIMIT })
  }
  if (deletion !== undefined) {
    return { kind: 'delete-range', ...keysOf(deletion), previous: deletion.previous === true }
  }
  return transactionOf(txn ?? {})
}

const NO_LIMIT = Number.MAX_SAFE_INTEGER

interface Keys {
  readonly key?: Uint8Array | undefined
  readonly prefix?: Uint8Array | undefined
  readonly start?: Uint8Array | undefined
  readonly end?: Uint8Array | undefined
}

function keysOf({ key, prefix, start, end }: Keys): KeyRange {
  const isRange = prefix !== undefined || start !== undefined || end !== undefined
  if (key !== undefined) {
    if (isRange)
      throw new Problem(
        'bad-request',
        'key selects one key, and prefix, start and end select a range: give only one',
      )
    return oneKey(key)
  }
  if (!isRange) throw new Problem('bad-key', 'no key is given: key, prefix, or start and end')
  return rangeOf({ prefix, start, end })
}

interface ValueForms {
  readonly text?: string | undefined
  readonly value?: string | undefined
}

function bytesOfValue({ text, value }: ValueForms): Uint8Array {
  if ((text === undefined) === (value === undefined)) {
    throw new Problem('bad-request', 'give the value either as text or, in base64, as value')
  }
  return Uint8Array.from(text === undefined ? Buffer.from(value ?? '', 'base64') : Buffer.from(text))
}

/** The answer to an executed transaction. The results are in the order of the executed steps. */
function answerOf(
  body: TransactionBody,
  { revision, succeeded, results }: TransactionResult,
): TransactionAnswer {
  const steps = (succeeded ? body.success : body.failure) ?? []
  return {
    revision,
    succeeded,
    results: results.map((result, index) => stepAnswer(steps[index] ?? {}, result)),
  }
}

function stepAnswer(step: TransactionSteps, result: Result): StepAnswer {
  if (result.status !== 'ok') throw problemOf(result)
  const { revision } = result
  switch (result.kind) {
    case 'put': {
      const { version, createRevision, modRevision } = result
      return { put: { revision, version, createRevision, modRevision } }
    }
    case 'range': {
      const { items, count, more } = result
      const [item] = items
      if (step.get !== undefined) return { get: item === undefined ? null : { ...itemJson(item), revision } }
      const shown = items.map((item) => itemJson(item, step.range?.keysOnly))
      return { range: { revision, items: shown, count, more: more !== null } }
    }
    case 'delete-range': {
      const { deleted, items } = result
      const shown = step.delete?.previous === true ? items.map((item) => itemJson(item)) : null
      return { delete: { revision, deleted, ...given({ items: shown }) } }
    }
    case 'transaction':
      return { txn: answerOf(step.txn ?? {}, result) }
    default:
      throw new Problem('internal', `a transaction answered as to a ${result.kind}`)
  }
}

/** The reason why nothing was done, in HTTP's terms. */
function refusalOf(result: Result): Problem {
  switch (result.status) {
    case 'too-many-operations':
      return new Problem(
        'bad-request',
        'a transaction has at most 128 comparisons, 128 steps in success and 128 in failure; a nested one shares these limits',
      )
    case 'duplicate-key':
      return new Problem('bad-request', 'a branch of the transaction writes a key twice')
    case 'result-budget':
      return new Problem('too-large', 'the answer is larger than 2 MiB; ask for fewer items with limit')
    default:
      return problemOf(result)
  }
}

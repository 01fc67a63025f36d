/** Reads of ranges: converts etcd's request into the store's operations, of which a large answer takes several. */
import type { SortOrder, SortTarget } from '../../../src/store/range.ts'
import type { RangeOperation } from '../../../src/store/range-operations.ts'
import type { RangeItem } from '../../../src/store/range-results.ts'
import { executeOk, headerOf, keyValueOf, type ServiceStore } from './answers.ts'
import { EtcdError, etcdError } from './errors.ts'
import type { RangeRequest, RangeResponse } from './messages.ts'
import { Turns } from './turns.ts'

const SORT_ORDERS: readonly SortOrder[] = ['none', 'ascending', 'descending']
const SORT_TARGETS: readonly SortTarget[] = ['key', 'version', 'create', 'mod', 'value']
/** The maximum bytes of keys and values in an answer. etcd has no such limit, and builds any answer in memory. */
const ANSWER_BYTES_MAX = 64 * 1024 * 1024

/** Returns the operation of a request. Throws etcd's error if it can have none. */
export function rangeOperation(request: RangeRequest): RangeOperation {
  if (request.key.length === 0) throw etcdError('noKey')
  const order = SORT_ORDERS[request.sortOrder]
  const target = SORT_TARGETS[request.sortTarget]
  if (order === undefined || target === undefined) throw etcdError('badSort')
  return {
    kind: 'range',
    key: request.key,
    end: request.rangeEnd,
    limit: safeNumber(request.limit),
    revision: safeNumber(request.revision),
    order,
    target,
    keysOnly: request.keysOnly,
    // etcd also compares with a negative upper bound, and no revision is below it.
    countOnly: request.countOnly || request.maxModRevision < 0n || request.maxCreateRevision < 0n,
    minModRevision: safeNumber(request.minModRevision),
    maxModRevision: safeNumber(request.maxModRevision),
    minCreateRevision: safeNumber(request.minCreateRevision),
    maxCreateRevision: safeNumber(request.maxCreateRevision),
  }
}

/** Clamps a number to the store's range: 0, which means none, for a negative one, and the maximum for a larger one. */
export function safeNumber(integer: bigint): number {
  if (integer <= 0n) return 0
  return integer > BigInt(Number.MAX_SAFE_INTEGER) ? Number.MAX_SAFE_INTEGER : Number(integer)
}

/** Answers of several pages that are put together at one time: each may have many bytes before anyone reads it. */
const largeReads = new Turns(2)

/** Reads a range, in several operations at one revision if the answer is larger than a result. */
export async function readRange(store: ServiceStore, request: RangeRequest): Promise<RangeResponse> {
  const operation = rangeOperation(request)
  const first = await executeOk(store, operation)
  const { items, more } =
    first.more === 'bytes' ? await largeReads.run(() => readPages(store, operation, first)) : first
  return {
    header: headerOf(store, first.revision),
    kvs: items.map(keyValueOf),
    more: more !== null,
    count: BigInt(first.count),
  }
}

type Page = Awaited<ReturnType<typeof executeOk<RangeOperation>>>

/** Reads what follows the first page, and returns all of it. */
async function readPages(
  store: ServiceStore,
  operation: RangeOperation,
  first: Page,
): Promise<Pick<Page, 'items' | 'more'>> {
  const items: RangeItem[] = [...first.items]
  let { more } = first
  let bytes = bytesOf(items)
  while (more === 'bytes') {
    if (bytes > ANSWER_BYTES_MAX) {
      throw new EtcdError('resource-exhausted', 'etcdserver: the answer is larger than 64 MiB; use a limit')
    }
    const page = await executeOk(store, behind(operation, items, first.revision))
    items.push(...page.items)
    bytes += bytesOf(page.items)
    more = page.more
  }
  return { items, more }
}

/** Returns the read that continues after the last item, at the revision of the first page. */
function behind(operation: RangeOperation, items: readonly RangeItem[], revision: number): RangeOperation {
  const { key = operation.key } = items.at(-1) ?? {}
  const { limit = 0 } = operation
  return {
    ...operation,
    key: Uint8Array.of(...key, 0),
    revision: operation.revision === 0 ? revision : (operation.revision ?? revision),
    limit: limit === 0 ? 0 : limit - items.length,
  }
}

const bytesOf = (items: readonly RangeItem[]): number =>
  items.reduce((sum, { key, value }) => sum + key.length + value.length, 0)

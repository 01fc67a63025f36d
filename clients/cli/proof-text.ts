/** Proofs in words, for a terminal. */
import type { Proved } from '../verify/index.ts'
import type { ReadSaid } from '../verify/read-proof.ts'
import type { ReceiptSaid } from '../verify/receipt.ts'
import type { OperationSaid, ResultSaid } from '../verify/request-claims.ts'
import type { SnapshotSaid } from '../verify/snapshot.ts'

/** Returns the numbers as a list in words. */
export function inWords(numbers: readonly number[]): string {
  const rest = numbers.slice(0, -1)
  return rest.length === 0 ? numbers.join() : `${rest.join(', ')} and ${numbers.at(-1)}`
}

export const proofText = (proved: Proved): string =>
  proved.kind === 'receipt' ? receiptText(proved.says) : readText(proved.says)

function readText({ key, present, sequence, revision, time, replicas, ...entry }: ReadSaid): string {
  const named = Object.entries(entry).map(([name, fact]) => `${name} ${JSON.stringify(fact)}`)
  const found = present ? `key "${key}" has a value (${named.join(', ')})` : `key "${key}" does not exist`
  return `true: ${found}\n  ${stateText({ sequence, revision, time, replicas })}`
}

const stateText = ({ sequence, revision, time, replicas }: StateSaid): string =>
  `in the state of sequence number ${sequence}, revision ${revision}, ${new Date(time).toISOString()}, certified by replicas ${inWords(replicas)}`

type StateSaid = Pick<ReadSaid, 'sequence' | 'revision' | 'time' | 'replicas'>

export const snapshotText = ({ keys, bytes, root, ...state }: SnapshotSaid): string =>
  `true: ${keys} keys, ${bytes} bytes, root ${root}\n  ${stateText(state)}`

function receiptText({ client, sequence, replicas, operations, results }: ReceiptSaid): string {
  const head = `true: replicas ${inWords(replicas)} executed a request of client ${client.slice(0, 16)}… at or before sequence number ${sequence}:`
  const lines = operations.map(
    (operation, index) => `  ${factsText(operation)}: ${factsText(results[index] ?? {})}`,
  )
  return [head, ...lines].join('\n')
}

/** The first fact is a word of its own, the others carry their names. */
function factsText(facts: OperationSaid | ResultSaid): string {
  const { kind, status, ...others } = facts
  const named = Object.entries(others).map(([name, fact]) => `${name} ${JSON.stringify(fact)}`)
  return [status ?? kind, ...named].join(', ')
}

import { equalBytes } from '../../src/base/bytes.ts'
import type { ProvedReceipt } from './receipt.ts'
import { refuse } from './refusal.ts'

/** Refuses a receipt of a request with other operations than those that its reader asked for. */
export function expectOperations({ operations }: Pick<ProvedReceipt, 'operations'>, asked: Uint8Array): void {
  if (!equalBytes(operations, asked))
    refuse('not-asked', 'it is of another request than the one that was made')
}

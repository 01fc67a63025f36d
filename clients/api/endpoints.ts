/** Every endpoint, in the order of the description and of the tables, and the named schemas of the description. */
import type { z } from 'zod'
import { compactHistory } from './compaction.ts'
import type { Endpoint } from './endpoint.ts'
import { watchCluster } from './events.ts'
import { EvidenceEntry, getEvidence } from './evidence.ts'
import { getHealth, getReadiness } from './health.ts'
import { deleteKey, deleteNamedKey, getKey, listKeys, putKey, putNamedKey } from './keys.ts'
import { getLease, grantLease, keepLease, listLeases, revokeLease } from './leases.ts'
import { getMetrics } from './metrics.ts'
import { ProblemDocument } from './problems.ts'
import { getSnapshot, proveKey, ReadProofDocument } from './read-proof.ts'
import { ReceiptDocument } from './receipt.ts'
import { getDescription } from './self-description.ts'
import { getStatus, StatusDocument } from './status.ts'
import { runTransaction, Transaction, TransactionDone } from './transaction.ts'
import { watchKeys } from './watch.ts'

export const ENDPOINTS: readonly Endpoint[] = [
  ...[putKey, getKey, deleteKey, putNamedKey, listKeys, deleteNamedKey],
  ...[runTransaction, compactHistory],
  watchKeys,
  ...[proveKey, getSnapshot],
  ...[grantLease, listLeases, getLease, revokeLease, keepLease],
  ...[getStatus, getEvidence, watchCluster],
  ...[getHealth, getReadiness, getMetrics, getDescription],
]

/** Schemas with names, so that generated clients have named types. */
export const COMPONENTS: Readonly<Record<string, z.ZodType>> = {
  Status: StatusDocument,
  Evidence: EvidenceEntry,
  Receipt: ReceiptDocument,
  ReadProof: ReadProofDocument,
  Problem: ProblemDocument,
  Transaction,
  TransactionDone,
}

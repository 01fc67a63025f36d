/** Receipts as they are made: from a request and the replies that agree on its results. */
import { toBase64 } from '../../src/base/base64.ts'
import { toHex } from '../../src/base/bytes.ts'
import { suiteNamed } from '../../src/crypto/suites.ts'
import type { Cluster } from '../../src/messages/cluster.ts'
import { replyWithoutResults } from '../../src/messages/reply.ts'
import type { Submitted } from '../../src/runtime/client-runtime.ts'
import type { ReceiptDocument } from '../api/receipt.ts'
import { DOCUMENT_VERSION } from '../verify/proof-document.ts'
import { provedBy, RECEIPT_FORM } from '../verify/receipt.ts'
import { verdictOf } from '../verify/refusal.ts'

/** Returns the receipt of an answered request, checked; null if too few of its replies can be shown. */
export function receiptOf(
  cluster: Cluster,
  { results, agreement }: Submitted & { readonly kind: 'answered' },
): ReceiptDocument | null {
  if (agreement === null) return null
  const context = { cluster, crypto: suiteNamed(cluster.suite) }
  const parts = {
    request: agreement.request.bytes,
    results,
    replies: agreement.replies.map(replyWithoutResults),
  }
  const verdict = verdictOf(() => provedBy(context, parts))
  if (verdict.kind === 'refused') return null
  return {
    strategos: RECEIPT_FORM.kind,
    version: DOCUMENT_VERSION,
    clusterId: toHex(cluster.clusterId),
    says: verdict.proved.says,
    request: toBase64(parts.request),
    results: toBase64(parts.results),
    replies: parts.replies.map(toBase64),
  } as ReceiptDocument
}

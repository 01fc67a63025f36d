import type { Cluster } from '../../src/messages/cluster.ts'

/** Why a cluster can have no evidence and no receipts, a sentence for a person; null where it can. */
export const whyNoEvidence = ({ mode }: Pick<Cluster, 'mode'>): string | null =>
  mode === 'signed'
    ? null
    : 'This cluster was made with --auth oral: its replicas send MACs, which convince nobody but their receiver, ' +
      'so there is nothing that one could show to others: no evidence and no receipts.'

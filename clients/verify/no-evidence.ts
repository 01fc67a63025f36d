import type { Cluster } from '../../src/messages/cluster.ts'

/** The reason why a cluster has no evidence and no receipts, as a sentence; null if it has them. */
export const whyNoEvidence = ({ mode }: Pick<Cluster, 'mode'>): string | null =>
  mode === 'signed'
    ? null
    : 'This cluster was made with --auth oral: its replicas send MACs, which convince only their receiver, ' +
      'so there is no evidence and there are no receipts.'

/** The resource `/v1/evidence`: proof that replicas equivocated. */
import { z } from 'zod'
import { endpoint, json } from './endpoint.ts'

/** The kinds of messages that can contradict each other. */
const evidenceKind = z.enum(['pre-prepare', 'prepare', 'commit', 'checkpoint'])

/** The subject of two messages: the kind, view and sequence number that they share. */
export const evidenceSubject = {
  kind: evidenceKind,
  view: z.int().min(0).nullable().describe('Null for a checkpoint, which belongs to no view.'),
  sequence: z.int().min(0),
}

const envelope = z
  .string()
  .meta({ contentEncoding: 'base64' })
  .describe('A signed message: kind u8, payload length u16, payload, signature length u16, signature.')

/** The signer, the subject of the messages, and the two signed envelopes in base64. */
export const EvidenceEntry = z.object({
  guilty: z.int().min(0).describe('The replica whose key signed both.'),
  ...evidenceSubject,
  first: envelope,
  second: envelope,
})

export const EvidenceFile = z.object({ evidence: z.array(EvidenceEntry) })

export const getEvidence = endpoint({
  method: 'GET',
  path: '/v1/evidence',
  summary: 'Lists the proofs against replicas that signed two messages that contradict each other.',
  description:
    'The gateway gathers the evidence from the replicas and checks it. Anyone with the cluster file can check it again with `strategos verify`. It proves that the key signed both messages, but not why.',
  answers: {
    200: json(
      EvidenceFile,
      'One entry for each kind, view and sequence number, and at most 8 against one replica. Empty if no replica was caught.',
    ),
  },
  problems: ['no-evidence'],
})

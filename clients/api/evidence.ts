/** The resource `/v1/evidence`: proof against replicas that contradicted themselves. */
import { z } from 'zod'
import { endpoint, json } from './endpoint.ts'

/** The kinds of messages of which two may contradict each other. */
const evidenceKind = z.enum(['pre-prepare', 'prepare', 'commit', 'checkpoint'])

/** The subject of two messages: what both of them are about. */
export const evidenceSubject = {
  kind: evidenceKind,
  view: z.int().min(0).nullable().describe('Null for a checkpoint: it belongs to no view.'),
  sequence: z.int().min(0),
}

const envelope = z
  .string()
  .meta({ contentEncoding: 'base64' })
  .describe('A signed message: kind u8, payload length u16, payload, signature length u16, signature.')

/** Numbers as the wire has them; who signed what, and the two envelopes in base64. */
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
  summary: 'Lists proof against replicas that signed two messages that contradict each other.',
  description:
    'Gathered from the replicas and checked here; whoever has the cluster file can check it again: `strategos verify`. It proves that the key signed both messages, not why.',
  answers: {
    200: json(
      EvidenceFile,
      'One entry for each kind, view and sequence number; at most 8 against one replica. Empty when nobody lied.',
    ),
  },
  problems: ['no-evidence'],
})

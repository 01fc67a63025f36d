/** Makes and checks evidence in the JSON form that `/v1/evidence` returns and `strategos verify` accepts. */
import type { z } from 'zod'
import { placeOf } from '../../src/messages/evidence.ts'
import type { Evidence } from '../../src/messages/message.ts'
import type {
  createEvidenceVerifier,
  EvidenceFailure,
} from '../../src/runtime/authentication/evidence-check.ts'
import type { EvidenceEntry } from '../api/evidence.ts'
import { placeText } from './evidence-text.ts'

/** The numbers of the wire, without their brands. */
export type EvidenceJson = z.infer<typeof EvidenceEntry>

export function evidenceJson({ guilty, first, second }: Evidence): EvidenceJson {
  const inBase64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64')
  return {
    guilty,
    ...placeOf(first),
    first: inBase64(first.envelope),
    second: inBase64(second.envelope),
  }
}

/** Returns the reason why an entry is not proved, as a sentence without a full stop; null if it is proved. */
export function entryFault(
  entry: EvidenceJson,
  verify: ReturnType<typeof createEvidenceVerifier>,
): string | null {
  const [first, second] = [bytesOf(entry.first), bytesOf(entry.second)]
  if (first === null || second === null) {
    return `its ${first === null ? 'first' : 'second'} message is not base64`
  }
  const verdict = verify({ first, second })
  if (verdict.kind === 'not-proved') return failureText(verdict.because)
  const { guilty } = verdict.evidence
  if (guilty !== entry.guilty) return `its messages are of replica ${guilty}, not of ${entry.guilty}`
  const place = placeOf(verdict.evidence.first)
  const isThere = place.kind === entry.kind && place.view === entry.view && place.sequence === entry.sequence
  return isThere ? null : `its messages are ${placeText(place)}`
}

/** Decodes base64; returns null if the text is not in canonical form. */
function bytesOf(base64: string): Uint8Array | null {
  const bytes = Buffer.from(base64, 'base64')
  return bytes.toString('base64') === base64 ? bytes : null
}

function failureText(failure: EvidenceFailure): string {
  switch (failure.fault) {
    case 'not-a-signed-message':
      return `its ${failure.which} message is not one that replicas sign`
    case 'unknown-signer':
      return `its ${failure.which} message names a replica that is not in the cluster`
    case 'bad-signature':
      return `its ${failure.which} message is not signed by the replica that it names`
    case 'different-signers':
      return 'its messages are from two replicas'
    case 'different-kinds':
    case 'different-places':
      return 'its messages have different subjects, so they do not contradict each other'
    case 'same-content':
      return 'its messages say the same'
  }
}

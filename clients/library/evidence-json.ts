/** Evidence as `/v1/evidence` gives it and `strategos verify` takes it: made, and checked. */
import type { z } from 'zod'
import { placeOf } from '../../src/messages/evidence.ts'
import type { Evidence } from '../../src/messages/message.ts'
import type {
  createEvidenceVerifier,
  EvidenceFailure,
} from '../../src/runtime/authentication/evidence-check.ts'
import type { EvidenceEntry } from '../api/evidence.ts'
import { placeText } from './evidence-text.ts'

/** Of the wire's numbers, without their brands. */
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

/** Why an entry is not proved, as a sentence without its full stop; null where it is true, all of it. */
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

/** Null where the text is not just what encoding the bytes gives. */
function bytesOf(base64: string): Uint8Array | null {
  const bytes = Buffer.from(base64, 'base64')
  return bytes.toString('base64') === base64 ? bytes : null
}

function failureText(failure: EvidenceFailure): string {
  switch (failure.fault) {
    case 'not-a-signed-message':
      return `its ${failure.which} message is none that replicas sign`
    case 'unknown-signer':
      return `its ${failure.which} message names a replica that the cluster does not have`
    case 'bad-signature':
      return `its ${failure.which} message is not signed by the replica that it names`
    case 'different-signers':
      return 'its messages are of two replicas'
    case 'different-kinds':
    case 'different-places':
      return 'its messages are for different things, which both may be said'
    case 'same-content':
      return 'its messages say the same'
  }
}

/** The valid forms of a VIEW-CHANGE without signatures: TOCS 2002 section 4.5.2. Keeps rule 4.2. */
import { equalBytes } from '../../base/bytes.ts'
import { logWindowOf } from '../../messages/limits.ts'
import { prePrepareClaimsMax } from '../../messages/oral/body.ts'
import type { OralViewChangeContent, OrderClaim } from '../../messages/oral/message.ts'
import type { RejectionReason } from '../../messages/rejection.ts'
import type { ReplicaConfig } from '../state.ts'

type FormConfig = Pick<ReplicaConfig, 'n' | 'checkpointInterval'>

/**
 * Returns the first fault of a VIEW-CHANGE, or null. One fault invalidates all of it. All views must be below v', all s
 * in (h, h + L], each (s, v) listed once and in order, and no s may have more than f + 2 digests.
 * @rule 4.2
 */
export function oralViewChangeFault(
  content: OralViewChangeContent,
  config: FormConfig,
): RejectionReason | null {
  if (content.view === 0) return 'view-change-for-an-old-view'
  return (
    checkpointsFault(content, config) ??
    claimsFault(content.preparedClaims, content, { config, most: 1 }) ??
    claimsFault(content.prePrepareClaims, content, { config, most: prePrepareClaimsMax(config.n) })
  )
}

/** Checks C: it holds h, and only checkpoints that are due in [h, h + L]. */
function checkpointsFault(
  { lowWatermark, checkpoints }: OralViewChangeContent,
  { checkpointInterval }: FormConfig,
): RejectionReason | null {
  if (lowWatermark > 0 && checkpoints[0]?.sequence !== lowWatermark) return 'low-watermark-not-held'
  let last = lowWatermark - 1
  for (const { sequence } of checkpoints) {
    if (sequence === 0 || sequence % checkpointInterval !== 0) return 'no-checkpoint-is-due'
    if (sequence <= last) return 'claims-out-of-order'
    if (sequence > lowWatermark + logWindowOf(checkpointInterval)) return 'claim-outside-window'
    last = sequence
  }
  return null
}

/** Checks P (with `most` 1) or Qset. */
function claimsFault(
  claims: readonly OrderClaim[],
  { view, lowWatermark }: OralViewChangeContent,
  { config, most }: { readonly config: FormConfig; readonly most: number },
): RejectionReason | null {
  const highWatermark = lowWatermark + logWindowOf(config.checkpointInterval)
  /** The earlier claims for the same s. */
  let group: OrderClaim[] = []
  for (const claim of claims) {
    const last = group.at(-1)
    if (claim.view >= view) return 'claim-not-older'
    if (claim.sequence <= lowWatermark || claim.sequence > highWatermark) return 'claim-outside-window'
    if (last !== undefined && claim.sequence < last.sequence) return 'claims-out-of-order'
    if (last?.sequence !== claim.sequence) group = []
    else if (most === 1 || claim.view <= last.view) return 'claims-out-of-order'
    if (group.some(({ digest }) => equalBytes(digest, claim.digest))) return 'claims-out-of-order'
    if (group.push(claim) > most) return 'too-many-claims'
  }
  return null
}

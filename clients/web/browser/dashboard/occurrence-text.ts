/** The words for occurrences on the page: the phases of a sequence number, and a sentence for what is rare. */
import type { OccurrenceDocument } from '../../../api/events.ts'

/** The phases of a sequence number, in their order. */
export const PHASES = ['proposed', 'accepted', 'prepared', 'committed', 'executed'] as const
export type Phase = (typeof PHASES)[number]

/** The sign and the first letter of each phase, so that no eye needs its colour. */
export const PHASE_SIGNS: Readonly<Record<Phase, string>> = {
  proposed: '□',
  accepted: '◇',
  prepared: '◑',
  committed: '●',
  executed: '✓',
}

export const isPhase = (kind: OccurrenceDocument['kind']): kind is Phase =>
  (PHASES as readonly string[]).includes(kind)

export interface OccurrenceText {
  readonly text: string
  /** True for what a person should look at. */
  readonly isGrave: boolean
}

const calm = (text: string): OccurrenceText => ({ text, isGrave: false })
const grave = (text: string): OccurrenceText => ({ text, isGrave: true })

/** Returns the sentence for an occurrence; null for phases and votes, which the table of phases shows. */
export function occurrenceText({ kind, view, sequence, peer }: OccurrenceDocument): OccurrenceText | null {
  switch (kind) {
    case 'suspected':
      return grave(`suspects replica ${peer}: it was not heard of in time`)
    case 'trusted':
      return calm(`hears replica ${peer} again`)
    case 'blacklisted':
      return grave(`passes over replica ${peer} as primary for a while`)
    case 'view-left':
      return grave(`leaves its view and asks for view ${view}`)
    case 'view-entered':
      return calm(`enters view ${view}`)
    case 'checkpoint':
      return calm(`made its checkpoint at sequence number ${sequence}`)
    case 'stable':
      return calm(`has a stable checkpoint at sequence number ${sequence}`)
    case 'transfer-begun':
      return grave(`is behind and fetches the state of sequence number ${sequence}`)
    case 'transferred':
      return calm(`has the state of sequence number ${sequence}`)
    case 'recovery-asked':
      return grave('lost synced data and asks to be healed')
    case 'healed':
      return calm(`is healed and votes from view ${view} on`)
    case 'convicted':
      return grave(`convicts replica ${peer}: it signed two messages that contradict each other`)
    default:
      return null
  }
}

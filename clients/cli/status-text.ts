/** The text that `status` prints. */
import type { Complaint } from '../../src/messages/message.ts'
import type { ClusterStatus } from '../library/cluster-status.ts'
import { placeText } from '../library/evidence-text.ts'
import { terminalColumns, wrapWords } from './terminal.ts'

/** The proved misdeeds of a replica, briefly. */
function guiltText([first, ...more]: ClusterStatus['replicas'][number]['evidence']): string {
  if (first === undefined) return ''
  return `, guilty: it signed ${placeText(first)}${more.length === 0 ? '' : `, and ${more.length} more such pairs`}`
}

const CUT_OFF_TEXTS = { 'fails-checks': 'it sends what fails its checks', floods: 'it floods' } as const

function cutOffText({ cutOffBy, clientsCutOff }: ClusterStatus['replicas'][number]): string {
  const [first] = cutOffBy
  const by = cutOffBy.map(({ id }) => id).join(', ')
  const away = first === undefined ? '' : `, cut off by ${by}: ${CUT_OFF_TEXTS[first.because]}`
  return clientsCutOff === 0 ? away : `${away}, ${clientsCutOff} clients cut off`
}

/** Why it does not lead for a while, briefly. */
const blacklistText = (complaints: readonly Complaint[]): string =>
  complaints.length === 0
    ? ''
    : `, not to lead: ${complaints.map((each) => COMPLAINT_TEXTS[each]).join(', ')}`

const COMPLAINT_TEXTS: Readonly<Record<Complaint, string>> = {
  slow: 'as primary it delivered less than others',
  late: 'as primary it proposed late',
  unfair: 'as primary it passed a client over',
  'two-faced': 'it signed two messages that contradict each other',
}

export function statusText(answer: Record<string, unknown>): string {
  const status = answer as unknown as ClusterStatus
  const lines = status.replicas.map((replica) => {
    const { id, address, reachable, lastExecuted, stable, state, suspected, blacklisted, evidence } = replica
    const role = id === status.primary ? 'primary' : 'backup '
    const progress = reachable ? `executed ${lastExecuted}, stable ${stable}, ${state}` : 'no answer'
    const blame = `${suspected ? ', suspected' : ''}${cutOffText(replica)}${blacklistText(blacklisted)}${guiltText(evidence)}`
    return `  replica ${id}  ${role}  ${address}  ${progress}${blame}`
  })
  const { n, f, view, revision, stalled } = status
  const movement =
    stalled === null
      ? 'Requests are served.'
      : `Stalled since ${new Date(stalled.since).toISOString()}: ${stalled.because}.`
  const all = [`n = ${n}, f = ${f}, view ${view}, revision ${revision}`, ...lines, movement]
  const columns = terminalColumns(process.stdout)
  return all.map((line) => (columns === null ? line : wrapWords(line, columns, 4))).join('\n')
}

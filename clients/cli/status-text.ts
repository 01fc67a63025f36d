/** The text that `status` prints. */
import type { StatusAnswer } from '../api/status.ts'
import { answerReader } from '../library/answer-reader.ts'
import { placeText } from '../library/evidence-text.ts'
import { terminalColumns, wrapWords } from './terminal.ts'

type Replica = StatusAnswer['replicas'][number]
type Read = ReturnType<typeof readStatus>

export const readStatus = answerReader<StatusAnswer>()({
  n: 'number',
  f: 'number',
  view: 'number',
  primary: 'number',
  revision: 'number',
  replicas: [
    {
      id: 'number',
      address: 'string',
      reachable: 'boolean',
      lastExecuted: { orNull: 'number' },
      stable: { orNull: 'number' },
      state: { orNull: 'string' },
      suspected: 'boolean',
      cutOffBy: [{ id: 'number', because: 'string' }],
      clientsCutOff: 'number',
      blacklisted: ['string'],
      evidence: [{ kind: 'string', view: { orNull: 'number' }, sequence: 'number' }],
    },
  ],
  stalled: { orNull: { since: 'number', because: 'string' } },
})

/** The proved equivocations of a replica, in brief. */
function guiltText([first, ...more]: Replica['evidence']): string {
  if (first === undefined) return ''
  return `, guilty: it signed ${placeText(first)}${more.length === 0 ? '' : `, and ${more.length} more pairs`}`
}

const CUT_OFF_TEXTS = { 'fails-checks': 'its messages fail their checks', floods: 'it floods' } as const

function cutOffText({ cutOffBy, clientsCutOff }: Replica): string {
  const [first] = cutOffBy
  const by = cutOffBy.map(({ id }) => id).join(', ')
  const away =
    first === undefined ? '' : `, cut off by ${by}: ${CUT_OFF_TEXTS[first.because] ?? first.because}`
  return clientsCutOff === 0 ? away : `${away}, ${clientsCutOff} clients cut off`
}

type Complaint = Replica['blacklisted'][number]

const COMPLAINT_TEXTS: Readonly<Record<Complaint, string>> = {
  slow: 'as primary it was slower than others',
  late: 'as primary it proposed late',
  unfair: 'as primary it starved a client',
  equivocating: 'it signed two messages that contradict each other',
}

/** The reasons why it is passed over as primary for a while, in brief. */
const blacklistText = (complaints: readonly Complaint[]): string =>
  complaints.length === 0
    ? ''
    : `, barred from leading: ${complaints.map((each) => COMPLAINT_TEXTS[each] ?? each).join(', ')}`

export function statusText(status: Read): string {
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

/** The logs of all replicas beside each other: a row for each sequence number, a column for each replica. */
import type { SlotMoment, SlotPhase } from '../../../../src/simulator/trace/moment.ts'
import { DataTable } from '../kit/data-table.tsx'
import { Panel } from '../kit/page-frame.tsx'
import type { Game } from './game.ts'

/** Rows that are shown: the last ones. */
const ROWS_MAX = 10

/** A sign for each phase: the further it is, the fuller the sign. */
const SIGNS: Readonly<Record<SlotPhase, string>> = {
  open: '○',
  'pre-prepared': '◔',
  prepared: '◑',
  committed: '◕',
  executed: '●',
}
const PHASES = Object.entries(SIGNS)

export function Logs({ game }: { readonly game: Game }) {
  const { replicas, traceHash } = game.moment
  const slots = replicas.map(
    ({ state }) => new Map(state?.slots.map((slot) => [slot.sequence, slot] as const)),
  )
  const sequences = [...new Set(slots.flatMap((each) => [...each.keys()]))]
    .sort((a, b) => a - b)
    .slice(-ROWS_MAX)
  return (
    <Panel title="Logs of the replicas" aside="above each one’s last stable checkpoint">
      <DataTable
        columns={['sequence', ...replicas.map(({ id, isTraitor }) => `R${id}${isTraitor ? ' (lies)' : ''}`)]}
        empty="No batch is under way above the last stable checkpoint."
        rows={sequences.map((sequence) => ({
          key: sequence,
          cells: [sequence, ...slots.map((each, id) => <Slot key={id} slot={each.get(sequence)} />)],
        }))}
      />
      <p class="faint small">{PHASES.map(([phase, sign]) => `${sign} ${phase}`).join('  ')}</p>
      <p class="faint small">
        Trace of the {game.moment.steps} steps so far: <code class="trace">{traceHash}</code>
      </p>
    </Panel>
  )
}

function Slot({ slot }: { readonly slot: SlotMoment | undefined }) {
  if (slot === undefined) return <span class="faint">–</span>
  return (
    <span class={`slot ${slot.phase}`} title={slot.phase}>
      <span aria-hidden="true">{SIGNS[slot.phase]}</span>
      <span class="unseen">{slot.phase}</span> <code>{slot.digest ?? ''}</code>
    </span>
  )
}

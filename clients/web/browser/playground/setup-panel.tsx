/** The plan of the run: the cluster, the network, the seed, and everything that somebody who plays has put into it. */
import { type Fault, textOfFault } from '../../../../src/simulator/plan/plan.ts'
import { Panel } from '../kit/page-frame.tsx'
import type { Game } from './game.ts'
import {
  NETWORK_NAMES,
  type NetworkName,
  networkOf,
  planOf,
  type Setup,
  withoutFault,
  withoutIntervention,
} from './setup.ts'

const SIZES = [4, 7] as const
const MODES = ['signed', 'oral'] as const

export function SetupPanel({ game }: { readonly game: Game }) {
  const { plan } = game.recording
  const { seed, n, mode } = plan
  const network = networkOf(plan)
  /** The same faults in another cluster; those of replicas that it does not have are gone. */
  const remake = (change: Partial<Setup>): void => {
    const setup = { seed, n, mode, network: network ?? 'even', ...change }
    const fresh = planOf({ ...setup, requests: plan.workload.requestsPerClient, calmAtMs: plan.calmAtMs })
    const faults = plan.faults.filter((fault) => !('replica' in fault) || fault.replica < setup.n)
    const staysDown = plan.staysDown.filter((id) => id < setup.n)
    game.change({
      ...fresh,
      faults,
      staysDown,
      faultyMax: fresh.faultyMax + Math.max(0, plan.faultyMax - (n - 1) / 3),
    })
  }
  return (
    <Panel title="The plan of this run" aside={game.level === null ? 'free play' : game.level.title}>
      <div class="fields">
        <Select label="Replicas" value={n} options={SIZES} onPick={(size) => remake({ n: Number(size) })} />
        <Select
          label="Mode"
          value={mode}
          options={MODES}
          onPick={(picked) => game.change({ ...plan, mode: picked === 'oral' ? 'oral' : 'signed' })}
        />
        <Select
          label="Network"
          value={network ?? 'as drawn'}
          options={network === null ? ['as drawn', ...NETWORK_NAMES] : NETWORK_NAMES}
          onPick={(picked) => remake({ network: picked as NetworkName })}
        />
        <label class="field">
          Seed
          <input
            type="number"
            min={0}
            value={seed}
            onChange={(event) => {
              const next = Math.floor(Number(event.currentTarget.value))
              if (next >= 0 && next <= Number.MAX_SAFE_INTEGER) game.change({ ...plan, seed: next })
            }}
          />
        </label>
      </div>
      <Changes game={game} />
      <p class="small">
        <a href={`#${game.link}`}>Link to this moment</a>{' '}
        <span class="faint">
          It holds the whole plan and the step. With{' '}
          <code>strategos simulate --seed S --playground FILE</code> any seed of the simulator opens here.
        </span>
      </p>
    </Panel>
  )
}

/** A fault in words; the rarer ones as the trace has them. */
function wordsOf(fault: Fault): string {
  switch (fault.kind) {
    case 'turn':
      return `replica ${fault.replica} begins to lie: ${fault.traitor}`
    case 'crash':
      return `replica ${fault.replica} stops`
    case 'restart':
      return `replica ${fault.replica} starts again`
    case 'cut':
      return `nothing gets from replica ${fault.from} to replica ${fault.to}`
    default:
      return textOfFault(fault)
  }
}

/** The faults and interventions of the plan, each with a button that takes it out again. */
function Changes({ game }: { readonly game: Game }) {
  const { plan } = game.recording
  const { faults, interventions = [] } = plan
  if (faults.length + interventions.length === 0) {
    return (
      <p class="faint small">Nothing goes wrong in it yet: choose a replica or a message, and change that.</p>
    )
  }
  return (
    <ul class="changes">
      {faults.map((fault, index) => (
        <li key={`${index} ${fault.kind}`}>
          <span>
            {fault.atMs} ms: {wordsOf(fault)}
          </span>
          <button type="button" onClick={() => game.change(withoutFault(plan, index))}>
            Take out
          </button>
        </li>
      ))}
      {interventions.map((each) => (
        <li key={each.frame}>
          <span>
            message {each.frame}: {each.does}
            {each.does === 'delay' ? ` ${each.byMs} ms` : ''}
            {each.does === 'deliver' ? ` at ${each.atMs.toFixed(1)} ms` : ''}
          </span>
          <button type="button" onClick={() => game.change(withoutIntervention(plan, each.frame))}>
            Take out
          </button>
        </li>
      ))}
    </ul>
  )
}

function Select(props: {
  readonly label: string
  readonly value: string | number
  readonly options: readonly (string | number)[]
  onPick(value: string): void
}) {
  return (
    <label class="field">
      {props.label}
      <select value={props.value} onChange={(event) => props.onPick(event.currentTarget.value)}>
        {props.options.map((each) => (
          <option key={each} value={each}>
            {each}
          </option>
        ))}
      </select>
    </label>
  )
}

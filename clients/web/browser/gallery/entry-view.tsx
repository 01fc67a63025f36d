/** One algorithm: how it works, its theorem, its counts, all its runs, and the run that breaks. */
import { useState } from 'preact/hooks'
import { galleryEntry } from '../../../../src/simulator/classics/gallery/catalogue.ts'
import type { GalleryRun, RunParameters } from '../../../../src/simulator/classics/gallery/entry.ts'
import type { Exhibit } from '../../../../src/simulator/classics/gallery/exhibit.ts'
import { ButtonRow } from '../kit/button-row.tsx'
import { DataTable } from '../kit/data-table.tsx'
import { Finding } from '../kit/finding.tsx'
import { Panel } from '../kit/page-frame.tsx'
import { RunView } from './run-view.tsx'

/** Give it the name as its key: its state belongs to one algorithm. */
export function EntryView({ exhibit }: { readonly exhibit: Exhibit }) {
  const { facts, broken } = exhibit
  const [isBroken, setBroken] = useState(false)
  const [parameters, setParameters] = useState(exhibit.parameters)
  const [run, setRun] = useState(exhibit.run)
  const choose = (next: RunParameters): void => {
    const again = galleryEntry(facts.name)?.run(next)
    setParameters(next)
    if (again !== undefined) setRun(again)
  }
  return (
    <article class="entry" id={facts.name}>
      <h2>{facts.title}</h2>
      <p class="idea">{facts.idea}</p>
      <p class="faint small">
        {facts.source}; <code>{facts.file}</code>
      </p>
      <div class="board">
        <Theorem exhibit={exhibit} />
        <Panel title="All runs">
          <AllRuns exhibit={exhibit} />
          <Counts exhibit={exhibit} run={run} parameters={parameters} />
        </Panel>
      </div>
      <Panel title={isBroken ? 'The run that breaks' : 'A run'} class="run-panel">
        <ButtonRow
          label="runs"
          buttons={[
            { label: 'A run', key: 'r', isPressed: !isBroken, onPress: () => setBroken(false) },
            { label: 'The run that breaks', key: 'b', isPressed: isBroken, onPress: () => setBroken(true) },
          ]}
        />
        {isBroken ? (
          <>
            <Finding tone="bad">
              It broke, as it must, where {broken.condition}: {broken.run.violation}.
            </Finding>
            <RunView run={broken.run} label={`the run of ${facts.title} that breaks`} />
          </>
        ) : (
          <>
            <ParameterFields name={facts.name} parameters={parameters} onChoose={choose} />
            <Verdict run={run} />
            <RunView key={Object.values(parameters).join()} run={run} label={`a run of ${facts.title}`} />
          </>
        )}
      </Panel>
    </article>
  )
}

function Theorem({ exhibit: { facts } }: { readonly exhibit: Exhibit }) {
  const lines: readonly (readonly [string, string])[] = [
    ['Model', facts.model],
    ['Faults it survives', facts.faults],
    ['Bound', facts.bound],
    ['It breaks when', facts.breaks],
  ]
  return (
    <Panel title="Theorem">
      <dl>
        {lines.map(([term, text]) => (
          <div key={term}>
            <dt>{term}</dt>
            <dd>{unbroken(text)}</dd>
          </div>
        ))}
      </dl>
    </Panel>
  )
}

function AllRuns({ exhibit: { exploration } }: { readonly exhibit: Exhibit }) {
  const { bounds, runs, states, violation } = exploration
  if (violation !== null) return <Finding tone="bad">{`${violation}, with ${bounds}.`}</Finding>
  return (
    <Finding tone="good">
      <strong>{grouped(runs)}</strong>{' '}
      {`runs through ${grouped(`${states}`)} states: every run holds. Bounds: ${unbroken(bounds)}.`}
    </Finding>
  )
}

function Counts(props: {
  readonly exhibit: Exhibit
  readonly run: GalleryRun
  readonly parameters: RunParameters
}) {
  const { facts } = props.exhibit
  const { messages, expectedMessages, rounds } = props.run
  return (
    <DataTable
      caption={`Counts of the run below, n = ${props.parameters.n}`}
      columns={['', 'measured', 'closed form', 'formula']}
      rows={[
        { key: 'messages', cells: ['messages', messages, expectedMessages ?? 'none', facts.messages] },
        { key: 'rounds', cells: ['rounds', rounds, '', facts.rounds] },
      ]}
    />
  )
}

function Verdict({ run }: { readonly run: GalleryRun }) {
  const { violation, messages, expectedMessages } = run
  if (violation !== null) return <Finding tone="bad">{`${violation}.`}</Finding>
  if (expectedMessages === null)
    return (
      <Finding tone="good">The run holds. With its faults, no closed form applies to its messages.</Finding>
    )
  return messages === expectedMessages ? (
    <Finding tone="good">{`The run holds, with ${messages} messages, as the closed form says.`}</Finding>
  ) : (
    <Finding tone="bad">{`The run has ${messages} messages, and the closed form says ${expectedMessages}.`}</Finding>
  )
}

/** Fields for the size, the faults and the seed; each change runs the algorithm again, in this page. */
function ParameterFields(props: {
  readonly name: string
  readonly parameters: RunParameters
  onChoose(parameters: RunParameters): void
}) {
  const { name, parameters, onChoose } = props
  const sizes = galleryEntry(name)?.sizes
  if (sizes === undefined) return null
  const { n, faults, seed } = parameters
  const field = (
    label: string,
    value: number,
    bounds: readonly [number, number],
    change: (to: number) => void,
  ) => (
    <label class="inline">
      {label}
      <input
        type="number"
        value={value}
        min={bounds[0]}
        max={bounds[1]}
        disabled={bounds[0] === bounds[1]}
        onChange={(event) => {
          const to = Math.round(event.currentTarget.valueAsNumber)
          if (to >= bounds[0] && to <= bounds[1]) change(to)
          else event.currentTarget.value = `${value}`
        }}
      />
    </label>
  )
  return (
    <div class="parameters">
      {field('processes', n, [sizes.nMin, sizes.nMax], (to) =>
        onChoose({ n: to, faults: Math.min(faults, sizes.faultsMax(to)), seed }),
      )}
      {field('faults', faults, [0, sizes.faultsMax(n)], (to) => onChoose({ n, faults: to, seed }))}
      {field('seed', seed, [1, 999_999], (to) => onChoose({ n, faults, seed: to }))}
    </div>
  )
}

/** Keeps formulas such as `n = 3` on one line. */
const unbroken = (text: string): string => text.replace(/ ([=<>≥≤]) /g, '\u00a0$1\u00a0')

/** Digits in groups of three. */
export const grouped = (digits: string): string => digits.replace(/\B(?=(\d{3})+$)/g, '\u202f')

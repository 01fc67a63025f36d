/** The levels, the task of the one that is played, and its result as the run's checkers have it. */
import { useMemo } from 'preact/hooks'
import { DataTable } from '../kit/data-table.tsx'
import { Finding } from '../kit/finding.tsx'
import type { Game } from './game.ts'
import { type CostLine, LEVELS, type Outcome } from './levels.ts'

/** The sentence of a run that belongs to no level. */
function outcomeOf({ level, recording, former }: Game): Outcome {
  if (level !== null) return level.judge(recording, former)
  const { verdict, explanation, requests, viewChanges, guilty } = recording.result
  if (verdict !== 'held')
    return { isDone: false, tone: 'bad', sentence: `${verdict}: ${explanation[0] ?? ''}` }
  const convicted = guilty.length === 0 ? 'nobody' : `replica ${guilty.join(' and ')}`
  return {
    isDone: false,
    tone: 'good',
    sentence: `Every promise held: ${requests} requests, ${viewChanges} view changes, ${convicted} convicted.`,
  }
}

export function LevelPanel({ game }: { readonly game: Game }) {
  const { level, recording, nowMs } = game
  const outcome = useMemo(() => outcomeOf(game), [level, recording, game.former])
  return (
    <section class="levels" aria-label="levels">
      <div class="buttons">
        {LEVELS.map((each, index) => (
          <button
            key={each.name}
            type="button"
            aria-pressed={level === each}
            data-level={each.name}
            onClick={() => game.begin(each)}
          >
            {index + 1}. {each.title}
          </button>
        ))}
        <button type="button" aria-pressed={level === null} onClick={() => game.begin(null)}>
          Free play
        </button>
      </div>
      {level !== null && (
        <div class="task">
          <p>{level.task}</p>
          {!outcome.isDone && (
            <button type="button" onClick={() => game.change(level.solve(recording.plan, nowMs))}>
              Do it for me
            </button>
          )}
        </div>
      )}
      {game.flaw !== null && <Finding tone="warn">{game.flaw}</Finding>}
      <div data-outcome={outcome.isDone ? 'done' : 'open'}>
        <Finding tone={outcome.tone} isLive>
          {outcome.isDone && <strong>Level done. </strong>}
          {outcome.sentence}
        </Finding>
      </div>
      {outcome.costs !== undefined && <Costs lines={outcome.costs} />}
    </section>
  )
}

const Costs = ({ lines }: { readonly lines: readonly CostLine[] }) => (
  <DataTable
    caption="One batch between replicas: PRE-PREPARE, PREPARE and COMMIT"
    columns={['mode', 'messages counted', 'closed form', 'bytes counted', 'convicted']}
    rows={lines.map(({ mode, counted, form, formText, bytes, convicted }) => ({
      key: mode,
      cells: [mode, counted.toFixed(1), `${formText} = ${form}`, Math.round(bytes), convicted],
    }))}
  />
)

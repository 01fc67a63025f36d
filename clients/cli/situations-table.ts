/** The situations that runs reached, as a table, rarest first. */
import type { AuthenticationMode } from '../../src/messages/cluster.ts'
import { situationsOf } from '../../src/simulator/coverage/situations.ts'
import type { SituationCount } from '../../src/simulator/runs/campaign.ts'
import { tableText } from './table.ts'

/** A situation of the table; `seeds` is 0 and there is no first seed if no run reached it. */
export interface SituationRow {
  readonly name: string
  readonly rule: string
  readonly seeds: number
  readonly first: number | null
  /** False if runs of the mode reach it too rarely to demand it of a range of seeds. */
  readonly isDemanded: boolean
}

/** Every situation that runs of a mode can reach, with its count, rarest first. */
export function situationRows(
  mode: AuthenticationMode,
  counts: readonly SituationCount[],
): readonly SituationRow[] {
  const byName = new Map(counts.map((count) => [count.name, count]))
  return situationsOf(mode)
    .map(({ name, rule, rareIn }) => {
      const { seeds = 0, first = null } = byName.get(name) ?? {}
      return { name, rule, seeds, first, isDemanded: !rareIn?.includes(mode) }
    })
    .sort((a, b) => a.seeds - b.seeds)
}

export function situationsTable(rows: readonly SituationRow[]): string {
  const lines = rows.map(({ name, rule, seeds, first, isDemanded }) => {
    const remark = isDemanded ? '' : ' (too rare to be demanded)'
    return [rule, `${seeds}`, first === null ? '-' : `${first}`, `${name}${remark}`]
  })
  const reached = rows.filter(({ seeds }) => seeds > 0).length
  const table = tableText([['rule', 'seeds', 'first', 'situation'], ...lines], {
    columns: Number.POSITIVE_INFINITY,
    words: new Set([0, 3]),
  })
  return `${table}\n\n${reached} of ${rows.length} situations were reached`
}

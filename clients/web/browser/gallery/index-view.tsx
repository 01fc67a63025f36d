/** The index of the gallery: every algorithm with its bound, the number of its runs, and their verdict. */
import type { Exhibit } from '../../../../src/simulator/classics/gallery/exhibit.ts'
import { DataTable } from '../kit/data-table.tsx'
import { Finding } from '../kit/finding.tsx'
import { Panel } from '../kit/page-frame.tsx'
import { grouped } from './entry-view.tsx'

export function IndexView({ exhibits }: { readonly exhibits: readonly Exhibit[] }) {
  const rooms = [...new Set(exhibits.map(({ facts }) => facts.room))]
  const held = exhibits.filter(({ exploration }) => exploration.violation === null).length
  const broke = exhibits.filter(({ broken }) => broken.run.violation !== null).length
  const isRight = held === exhibits.length && broke === held
  return (
    <div class="index">
      <Finding tone={isRight ? 'good' : 'bad'}>
        {`${held} of ${exhibits.length} algorithms hold in all their runs within bounds, and ${broke} broke outside their bound, as they must.`}
      </Finding>
      {rooms.map((room) => (
        <Panel key={room} title={roomTitle(room)}>
          <DataTable
            columns={['algorithm', 'model', 'bound', 'runs explored', 'within the bound', 'outside']}
            rows={exhibits.filter(({ facts }) => facts.room === room).map(rowOf)}
          />
        </Panel>
      ))}
    </div>
  )
}

function rowOf({ facts, exploration, broken }: Exhibit) {
  const { name, title, model, bound } = facts
  return {
    key: name,
    cells: [
      <a key="link" href={`#${name}`}>
        {title}
      </a>,
      model,
      bound,
      grouped(exploration.runs),
      exploration.violation === null ? '✓ holds' : '✗ broke',
      broken.run.violation === null ? '✗ did not break' : 'broke, as it must',
    ],
  }
}

export const roomTitle = (room: string): string =>
  `${room.slice(0, 1).toUpperCase()}${room.slice(1).replaceAll('-', ' ')}`

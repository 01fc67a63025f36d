/** The playground: the real protocol in the simulator, in this page. */
import { render } from 'preact'
import { useState } from 'preact/hooks'
import { simulateSwarm } from '../../../../attacks/run/simulated/swarm.ts'
import { DataTable } from '../kit/data-table.tsx'
import { Finding } from '../kit/finding.tsx'
import { PageFrame, Panel } from '../kit/page-frame.tsx'
import { Slider } from '../kit/slider.tsx'

function Playground() {
  const [seed, setSeed] = useState(1)
  const { verdict, n, traceHash, steps, requests, explanation } = simulateSwarm({ seed })
  return (
    <PageFrame
      title="Playground"
      lead="A cluster of replicas under the faults that a seed draws, run by the real protocol in this page: move the slider to draw another seed."
    >
      <Panel title="A seed">
        <Slider label="Seed" min={1} max={200} value={seed} text={`${seed}`} onInput={setSeed} />
        <Finding tone={verdict === 'held' ? 'good' : 'bad'} isLive>
          {verdict === 'held' ? 'All promises held.' : explanation.join(' ')}
        </Finding>
        <DataTable
          columns={['n', 'steps', 'requests', 'trace']}
          rows={[{ key: seed, cells: [n, steps, requests, <code key="hash">{traceHash}</code>] }]}
        />
      </Panel>
    </PageFrame>
  )
}

render(<Playground />, document.body)

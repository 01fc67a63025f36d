/** The playground: the real protocol in the simulator, in this page. */
import { render } from 'preact'
import { useState } from 'preact/hooks'
import { PageFrame } from '../kit/page-frame.tsx'
import { useGame } from './game.ts'
import { Inspector } from './inspector.tsx'
import { LevelPanel } from './level-panel.tsx'
import { Logs } from './logs.tsx'
import { RunDiagram } from './run-diagram.tsx'
import { SetupPanel } from './setup-panel.tsx'
import { type Choice, Stage } from './stage.tsx'
import { Tour } from './tour.tsx'

function Playground() {
  const game = useGame()
  const [choice, choose] = useState<Choice>(null)
  const [showsQuiet, setShowsQuiet] = useState(false)
  const view = { game, choice, choose, showsQuiet }
  return (
    <PageFrame
      title="Playground"
      lead="You see replicas that must agree while some of them crash or lie: the real protocol, running in this page. Press Play or step with the arrow keys, then break something and see whether it holds."
    >
      <LevelPanel game={game} />
      <Tour game={game} />
      <div class="board">
        <Stage {...view} />
        <div class="side">
          <Inspector game={game} choice={choice} />
          <RunDiagram {...view} />
        </div>
      </div>
      <div class="board below">
        <Logs game={game} />
        <SetupPanel game={game} />
      </div>
      <label class="inline small">
        <input
          type="checkbox"
          checked={showsQuiet}
          onChange={(event) => setShowsQuiet(event.currentTarget.checked)}
        />
        Show the messages that only say how far somebody is, too
      </label>
    </PageFrame>
  )
}

render(<Playground />, document.body)

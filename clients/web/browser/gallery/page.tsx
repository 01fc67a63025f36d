/** The gallery: the classical algorithms, run, drawn, checked in all runs within bounds, and broken at their bounds. */
import { render } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import type { Exhibit } from '../../../../src/simulator/classics/gallery/exhibit.ts'
import { ButtonRow } from '../kit/button-row.tsx'
import { Finding } from '../kit/finding.tsx'
import { PageFrame } from '../kit/page-frame.tsx'
import { EntryView } from './entry-view.tsx'
import { IndexView, roomTitle } from './index-view.tsx'

/** The exhibits that the page carries. */
const carried = document.getElementById('carried')?.textContent ?? '[]'
const EXHIBITS = JSON.parse(carried) as readonly Exhibit[]

const nameInAddress = (): string => decodeURIComponent(location.hash.slice(1))

function useAddress(): string {
  const [name, setName] = useState(nameInAddress)
  useEffect(() => {
    const onChange = (): void => {
      setName(nameInAddress())
      scrollTo(0, 0)
    }
    addEventListener('hashchange', onChange)
    return () => removeEventListener('hashchange', onChange)
  }, [])
  return name
}

function Gallery() {
  const name = useAddress()
  const only = EXHIBITS.length === 1 ? EXHIBITS[0] : undefined
  const shown = only ?? EXHIBITS.find(({ facts }) => facts.name === name)
  return (
    <PageFrame
      title="Gallery of classical algorithms"
      lead="You see algorithms of distributed systems as they run: each is a small process in a simulated network, drawn from its real trace, checked in all runs within bounds, and broken where its theorem says."
    >
      {EXHIBITS.length === 0 && (
        <Finding tone="warn">
          This page carries no runs. Write one that does: <code>strategos classics --html FILE</code>.
        </Finding>
      )}
      {EXHIBITS.length > 1 && shown !== undefined && <Turner shown={shown} />}
      {shown !== undefined && <EntryView key={shown.facts.name} exhibit={shown} />}
      {EXHIBITS.length > 1 && shown === undefined && <IndexView exhibits={EXHIBITS} />}
    </PageFrame>
  )
}

/** Leads to the index, to the neighbours of an algorithm, and to any other one. */
function Turner({ shown }: { readonly shown: Exhibit }) {
  const place = EXHIBITS.indexOf(shown)
  const go = (name: string): void => {
    location.hash = name
  }
  const neighbour = (by: number): string =>
    EXHIBITS[(place + by + EXHIBITS.length) % EXHIBITS.length]?.facts.name ?? ''
  const rooms = [...new Set(EXHIBITS.map(({ facts }) => facts.room))]
  return (
    <ButtonRow
      label="algorithms"
      buttons={[
        { label: 'Index', key: 'i', onPress: () => go('') },
        { label: 'Previous', key: 'p', onPress: () => go(neighbour(-1)) },
        { label: 'Next', key: 'n', onPress: () => go(neighbour(1)) },
      ]}
    >
      <select
        aria-label="algorithm"
        value={shown.facts.name}
        onChange={(event) => go(event.currentTarget.value)}
      >
        {rooms.map((room) => (
          <optgroup key={room} label={roomTitle(room)}>
            {EXHIBITS.filter(({ facts }) => facts.room === room).map(({ facts }) => (
              <option key={facts.name} value={facts.name}>
                {facts.title}
              </option>
            ))}
          </optgroup>
        ))}
      </select>
    </ButtonRow>
  )
}

render(<Gallery />, document.body)

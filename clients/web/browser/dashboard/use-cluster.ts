/** The cluster on the page: the stream of the gateway, and a clock that runs while something moves. */
import { useEffect, useReducer, useRef, useState } from 'preact/hooks'
import { ClusterModel } from './cluster-model.ts'
import { follow, type StreamState } from './gateway.ts'

/** Milliseconds between two looks while nothing is in flight: timers run down and times pass. */
const LOOK_MS = 250

export interface ClusterOnPage {
  readonly model: ClusterModel
  readonly state: StreamState
  /** The reason why the stream was refused, as a sentence; null where no reason was given. */
  readonly why: string | null
  /** The page's clock, which the model's times are of. */
  readonly now: number
}

export function useCluster(): ClusterOnPage {
  const model = useRef(new ClusterModel()).current
  const [state, setState] = useState<StreamState>('connecting')
  const [why, setWhy] = useState<string | null>(null)
  const [, look] = useReducer((count: number) => count + 1, 0)
  useEffect(
    () =>
      follow('/v1/events', {
        take: ({ event, data }) => model.take(event, JSON.parse(data), performance.now()),
        state: (next, reason) => {
          setState(next)
          setWhy(reason ?? null)
        },
      }),
    [model],
  )
  useEffect(() => {
    const isCalm = matchMedia('(prefers-reduced-motion: reduce)')
    let frame = 0
    const draw = (): void => {
      look(0)
      frame = model.land(performance.now()) && !isCalm.matches ? requestAnimationFrame(draw) : 0
    }
    const timer = setInterval(() => {
      if (frame === 0) draw()
    }, LOOK_MS)
    return () => {
      clearInterval(timer)
      cancelAnimationFrame(frame)
    }
  }, [model])
  return { model, state, why, now: performance.now() }
}

/** The leases that run, each with its time running down, and what a person may do with them. */
import { useCallback, useEffect, useState } from 'preact/hooks'
import { Finding } from '../kit/finding.tsx'
import { Panel } from '../kit/page-frame.tsx'
import { ask, type GatewayProblem } from './gateway.ts'

const READ_MS = 5_000
const SHOWN_MAX = 20
const TTL_S = 30

interface Lease {
  readonly id: string
  readonly ttl: number
  readonly left: number
  readonly keys: readonly string[]
  readonly more: boolean
}
interface Read {
  readonly leases: readonly Lease[]
  readonly count: number
  /** On the page's clock. */
  readonly at: number
}

export function LeasesPanel({ now }: { readonly now: number }) {
  const [read, setRead] = useState<Read | null>(null)
  const [problem, setProblem] = useState<string | null>(null)
  const load = useCallback(async () => {
    try {
      const { leases: ids } = await ask<{ readonly leases: readonly string[] }>('/v1/leases')
      const leases = await Promise.all(ids.slice(0, SHOWN_MAX).map(readLease))
      setRead({ leases: leases.filter((each) => each !== null), count: ids.length, at: performance.now() })
      setProblem(null)
    } catch (failure) {
      setProblem((failure as GatewayProblem).message)
    }
  }, [])
  useEffect(() => {
    void load()
    const timer = setInterval(load, READ_MS)
    return () => clearInterval(timer)
  }, [load])
  const change = (path: string, method: 'POST' | 'DELETE', body?: string) => async (): Promise<void> => {
    try {
      await ask(path, body === undefined ? { method } : { method, body })
    } catch (failure) {
      setProblem((failure as GatewayProblem).message)
    }
    await load()
  }
  return (
    <Panel title="Leases" aside={read === null ? 'reading…' : `${read.count}`} class="leases">
      {problem !== null && <Finding tone="warn">{problem}</Finding>}
      {read !== null && read.leases.length === 0 && (
        <p class="faint">No lease runs. Keys that are set with one are deleted when it ends.</p>
      )}
      <ul>
        {read?.leases.map((lease) => (
          <LeaseRow key={lease.id} lease={lease} age={(now - read.at) / 1000} change={change} />
        ))}
      </ul>
      <button type="button" onClick={change('/v1/leases', 'POST', JSON.stringify({ ttl: TTL_S }))}>
        Grant one of {TTL_S} seconds
      </button>
    </Panel>
  )
}

/** Reads a lease; null where it has ended meanwhile. */
const readLease = (id: string): Promise<Lease | null> =>
  ask<Lease>(`/v1/leases/${id}`).catch((problem: GatewayProblem) => {
    if (problem.code === 'lease-not-found') return null
    throw problem
  })

function LeaseRow(props: {
  readonly lease: Lease
  /** Seconds since it was read. */
  readonly age: number
  change(path: string, method: 'POST' | 'DELETE'): () => Promise<void>
}) {
  const { lease, age, change } = props
  const left = Math.max(0, lease.left - age)
  const keys = lease.keys.length === 0 ? 'no key' : lease.keys.slice(0, 5).join(', ')
  return (
    <li>
      <code>{lease.id}</code>
      <progress max={lease.ttl} value={left} aria-label={`time left of lease ${lease.id}`} />
      <span class="left">{left.toFixed(0)} s</span>
      <span class="faint">
        {keys}
        {(lease.more || lease.keys.length > 5) && ' and more'}
      </span>
      <span class="buttons">
        <button type="button" onClick={change(`/v1/leases/${lease.id}/keep-alive`, 'POST')}>
          Keep alive
        </button>
        <button type="button" onClick={change(`/v1/leases/${lease.id}`, 'DELETE')}>
          End
        </button>
      </span>
    </li>
  )
}

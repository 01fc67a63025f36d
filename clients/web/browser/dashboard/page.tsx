/** The dashboard: the cluster behind this gateway as it runs, and the store to use meanwhile. */
import { render } from 'preact'
import { Finding } from '../kit/finding.tsx'
import { PageFrame, Panel } from '../kit/page-frame.tsx'
import { AttackPanel, useLiveAttacks } from './attack-panel.tsx'
import { EvidencePanel } from './evidence-panel.tsx'
import { LeasesPanel } from './leases-panel.tsx'
import { ReplicasPanel } from './replicas-panel.tsx'
import { ServicePanel } from './service-panel.tsx'
import { StorePanel } from './store-panel.tsx'
import { type ClusterOnPage, useCluster } from './use-cluster.ts'

const LINKS = [
  { href: '/playground', text: 'Playground' },
  { href: '/openapi.json', text: 'API' },
  { href: '/metrics', text: 'Metrics' },
]

function Dashboard() {
  const cluster = useCluster()
  const { model, now } = cluster
  const { status } = model
  const attacks = useLiveAttacks(status?.gateway.isPlayground === true)
  const traitors = new Set(attacks.document?.playing.map(({ replica }) => replica))
  const lead =
    status === null
      ? 'A store on replicas of which some may lie.'
      : `A store on ${status.n} replicas, of which ${status.f} may fail or lie: an answer counts when ${status.f + 1} of them gave the same.`
  return (
    <PageFrame title="strategos" lead={lead} links={LINKS}>
      <Connection cluster={cluster} />
      {status === null ? (
        <Panel title="Replicas">
          <p class="faint">Waiting for the first status of the cluster…</p>
        </Panel>
      ) : (
        <div class="halves">
          <ReplicasPanel model={model} status={status} traitors={traitors} now={now} />
          <div class="stack">
            <ServicePanel model={model} status={status} now={now} />
            {status.gateway.isPlayground && <AttackPanel status={status} attacks={attacks} />}
          </div>
        </div>
      )}
      <StorePanel />
      <LeasesPanel now={now} />
      {status !== null && <EvidencePanel status={status} />}
    </PageFrame>
  )
}

/** The state of the stream, where it is not simply open. */
function Connection({ cluster: { state, why, model } }: { readonly cluster: ClusterOnPage }) {
  if (state === 'open' || (state === 'connecting' && model.status === null)) return null
  return (
    <Finding tone="warn" isLive>
      {why ?? 'The gateway does not answer.'} The page asks again by itself
      {model.status !== null && '; what it shows is as it was before'}.
    </Finding>
  )
}

render(<Dashboard />, document.body)

/** The compose file and the Kubernetes manifests parse, fit together, and run commands that exist. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parseAllDocuments, parseDocument } from 'yaml'
import { faultsMax } from '../../src/base/quorum.ts'
import { ROOT } from '../kit/built-program.ts'
import { runHere } from './command-kit.ts'

const read = (name: string): string => readFileSync(join(ROOT, 'replicas/deploy', name), 'utf8')

/** A parsed document, of any form. */
type Json = ReturnType<JSON['parse']>

/** The command lines of a text: the words after the name of the program, which has a command of its own or none. */
function commandsIn(text: string): readonly (readonly string[])[] {
  const joined = text.replace(/\\?\n\s+(?=--)/g, ' ')
  return [...joined.matchAll(/strategos ((?:[a-z]+ )+--[^;&|>\n"]*)/g)].map(([, words = '']) =>
    words.trim().split(/\s+/),
  )
}

/** Expects that a command exists, and takes these options. */
async function expectOptions(words: readonly string[]): Promise<void> {
  const first = words.findIndex((word) => word.startsWith('--'))
  const { stdout } = await runHere([...words.slice(0, first), '--help'])
  for (const flag of words.filter((word) => word.startsWith('--'))) {
    expect(stdout, words.join(' ')).toMatch(new RegExp(`^ +${flag}( |$)`, 'm'))
  }
}

describe('compose.yaml', () => {
  const document = parseDocument(read('compose.yaml'), { merge: true })
  const { services, volumes } = document.toJS() as Json

  test('parses, and has four replicas with their ids, which wait for the keys', async () => {
    expect(document.errors).toEqual([])
    const replicas = Object.entries<Json>(services).filter(([name]) => name.startsWith('replica-'))
    expect(replicas.map(([name]) => name)).toEqual([0, 1, 2, 3].map((id) => `replica-${id}`))
    for (const [name, service] of replicas) {
      expect(`replica-${service['command'][service['command'].indexOf('--id') + 1]}`).toBe(name)
      expect(service['depends_on']).toEqual({ init: { condition: 'service_completed_successfully' } })
      expect(service['healthcheck'].test.join()).toContain('/readyz')
      await expectOptions(service['command'])
    }
    await expectOptions(services['gateway']['command'])
    expect(Object.keys(volumes)).toEqual(['cluster'])
    for (const service of Object.values<Json>(services)) {
      expect(service['volumes']).toEqual(['cluster:/var/lib/strategos'])
      expect(service['stop_grace_period']).toBe('60s')
    }
  })

  test('makes the keys of these replicas once', async () => {
    const [script] = services['init']['command'] as string[]
    const commands = commandsIn(script ?? '')
    expect(commands.map(([name]) => name)).toEqual(['init', 'certificate', 'token'])
    for (const words of commands) await expectOptions(words)
    const hosts = commands[0]?.[commands[0].indexOf('--hosts') + 1]
    expect(hosts).toBe(
      Object.keys(services)
        .filter((name) => name.startsWith('replica-'))
        .join(),
    )
  })
})

describe('kubernetes.yaml', () => {
  const documents = parseAllDocuments(read('kubernetes.yaml'))
  const objects = documents.map((each) => each.toJS() as Json)
  const named = (kind: string, name = 'strategos'): Json => {
    const found = objects.find((each) => each['kind'] === kind && each['metadata'].name === name)
    if (found === undefined) throw new Error(`there is no ${kind} ${name}`)
    return found
  }

  test('parses', () =>
    expect(documents.flatMap(({ errors, warnings }) => [...errors, ...warnings])).toEqual([]))

  test('lets f replicas be away at once, and no more', () => {
    const { replicas, template } = named('StatefulSet')['spec']
    expect(named('PodDisruptionBudget')['spec'].maxUnavailable).toBe(faultsMax(replicas))
    expect(named('PodDisruptionBudget')['spec'].selector.matchLabels).toEqual(template.metadata.labels)
  })

  test.each(['strategos', 'strategos-gateway'])('%s: labels, ports and volumes fit together', (name) => {
    const { selector, template, serviceName, volumeClaimTemplates } = named('StatefulSet', name)['spec']
    const { labels } = template.metadata
    const service = named('Service', serviceName)['spec']
    expect([selector.matchLabels, service.selector]).toEqual([labels, labels])
    const { containers, initContainers, volumes } = template.spec
    const [{ ports, readinessProbe, livenessProbe }] = containers
    const portNames = ports.map((port: Json) => port['name'])
    for (const probe of [readinessProbe, livenessProbe]) expect(portNames).toContain(probe.httpGet.port)
    const known = [...volumes, ...volumeClaimTemplates.map((each: Json) => each['metadata'])].map(
      (each: Json) => each['name'],
    )
    for (const container of [...containers, ...initContainers]) {
      for (const mount of container.volumeMounts) expect(known).toContain(mount.name)
    }
  })

  test('only replicas, gateways and Prometheus reach a replica', () => {
    const { podSelector, ingress } = named('NetworkPolicy')['spec']
    const { template } = named('StatefulSet')['spec']
    expect(podSelector.matchLabels).toEqual(template.metadata.labels)
    const ports = template.spec.containers[0].ports.map((port: Json) => port['name'])
    expect(ingress.flatMap((rule: Json) => rule['ports'].map((port: Json) => port['port']))).toEqual(ports)
    expect(ingress.every((rule: Json) => rule['from'].length > 0)).toBe(true)
  })

  test('its commands exist, with their options', async () => {
    const pods = objects.filter(({ kind }) => kind === 'StatefulSet').map(({ spec }) => spec.template.spec)
    const texts = pods.flatMap(({ containers, initContainers }) =>
      [...initContainers, ...containers].flatMap(({ args }: Json) => args),
    )
    const commands = texts.flatMap(commandsIn)
    expect(new Set(commands.map(([name]) => name))).toEqual(new Set(['keygen', 'replica', 'gateway']))
    for (const words of commands) await expectOptions(words)
  })
})

/** The metrics that every process has, in the registry of the process. */
import { readdirSync } from 'node:fs'
import { Counter, Gauge, type Registry } from 'prom-client'

/**
 * Adds the metrics of a process under the names that the Prometheus libraries of other languages use. The library's own
 * set is left out: promtool complains of gauges in it whose names end in `_total`.
 */
export function addProcessMetrics(registry: Registry): void {
  const registers = [registry]
  new Counter({
    name: 'process_cpu_seconds_total',
    help: 'Processor time of the process, user and system.',
    registers,
    collect() {
      const { user, system } = process.cpuUsage()
      this.reset()
      this.inc((user + system) / 1e6)
    },
  })
  new Gauge({
    name: 'process_resident_memory_bytes',
    help: 'Resident memory of the process.',
    registers,
    collect() {
      this.set(process.memoryUsage.rss())
    },
  })
  new Gauge({
    name: 'process_start_time_seconds',
    help: 'When the process started, in seconds since 1970.',
    registers,
  }).set(Math.round(Date.now() / 1000 - process.uptime()))
  new Gauge({
    name: 'process_open_fds',
    help: 'Files and connections that the process has open.',
    registers,
    collect() {
      this.set(openDescriptors())
    },
  })
}

/** The number of open descriptors; -1 where the system does not list them. */
function openDescriptors(): number {
  try {
    return readdirSync('/proc/self/fd').length
  } catch {
    return -1
  }
}

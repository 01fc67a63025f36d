/** Says what is wrong with a cluster directory and what mends it. */
import { diagnose } from '../../replicas/doctor.ts'

export interface DoctorFlags {
  readonly json?: true
}

export function doctor(directory: string, { json }: DoctorFlags): void {
  const { looked, findings } = diagnose(directory, Date.now())
  if (json) console.log(JSON.stringify({ looked, findings }))
  else if (findings.length === 0) console.log(`Nothing is wrong with ${directory}: ${looked.join(', ')}.`)
  else for (const { problem, command } of findings) console.log(`${problem}: ${command}`)
  if (findings.length > 0) process.exitCode = 1
}

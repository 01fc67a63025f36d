/** The commands of leases, through HTTP to a store of this process. */
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { StoreServer } from '../clients/store-server.ts'
import { runHere } from './command-kit.ts'

const local = new StoreServer()
let url = ''
beforeAll(async () => {
  url = await local.server.listen({ host: '127.0.0.1', port: 0 })
})
afterAll(() => local.server.close())
beforeEach(() => local.clear())

const run = (line: string) => runHere([...line.split(' '), '--url', url])

test('leases are granted, kept, shown, listed and revoked', async () => {
  const printed = async (line: string) => (await run(line)).stdout
  expect(await printed('lease grant 60 --id ab')).toBe('lease 00000000000000ab expires in 60 s\n')
  expect(await printed('put a 1 --lease ab')).toBe('revision 2, version 1\n')
  expect(await printed('lease show ab')).toBe('expires in 60 s of 60 s\na\n')
  expect(await printed('lease keep-alive AB')).toBe('lease 00000000000000ab expires in 60 s\n')
  expect(await printed('lease list')).toBe('00000000000000ab\n')
  expect(JSON.parse(await printed('lease list --json'))).toEqual({
    leases: ['00000000000000ab'],
    revision: 2,
  })
  expect(await printed('lease revoke ab')).toBe('lease ended, 1 key deleted\n')
  expect(await run('lease revoke ab')).toEqual({
    code: 1,
    stdout: '',
    stderr: 'lease-not-found: the lease does not exist; it may have ended\n',
  })
  expect(await run('put a 1 --lease ab')).toMatchObject({ code: 1, stdout: '' })
})

test('an invalid id is refused at once', async () => {
  const { code, stderr } = await run('lease show xyz')
  expect(code).toBe(2)
  expect(stderr).toContain('Expected up to 16 hexadecimal digits.')
})

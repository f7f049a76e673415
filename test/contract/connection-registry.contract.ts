/** What every `ConnectionRegistry` must do. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Connection, ConnectionRegistry } from '../../src/core/ports.ts'
import { NASTY_IDS } from './samples.ts'

export interface ConnectionRegistryUnderTest {
  readonly registry: ConnectionRegistry
  close(): Promise<void>
}

const connection = (id: string, userId: string, registeredAt = 1000): Connection => ({
  id,
  userId,
  expiresAt: 9_000_000_000_000,
  registeredAt,
})

export function describeConnectionRegistry(
  name: string,
  create: () => Promise<ConnectionRegistryUnderTest>,
): void {
  describe(`connection registry: ${name}`, () => {
    let subject: ConnectionRegistryUnderTest
    let registry: ConnectionRegistry

    beforeEach(async () => {
      subject = await create()
      registry = subject.registry
    })
    afterEach(async () => {
      await subject.close()
    })

    const idsOf = async (userId: string) => (await registry.ofUser(userId)).map(({ id }) => id)

    it('knows a connection from the moment it is registered', async () => {
      const phone = { ...connection('c1', 'ann'), device: 'phone' }
      await registry.register(phone)
      expect(await registry.get('ann', 'c1')).toEqual(phone)
      expect(await registry.ofUser('ann')).toEqual([phone])
    })

    it('answers all that the user has, oldest first, to one that registers', async () => {
      await registry.register(connection('x1', 'bob'))
      const [second, first] = [connection('c2', 'ann', 2000), connection('c1', 'ann', 1000)]
      expect(await registry.register(second)).toEqual([second])
      expect(await registry.register(first)).toEqual([first, second])
      const again = { ...first, device: 'phone' }
      expect(await registry.register(again)).toEqual([again, second])
    })

    it('knows nothing of others', async () => {
      await registry.register(connection('c1', 'ann'))
      expect(await registry.get('bob', 'c1')).toBeUndefined()
      expect(await registry.get('ann', 'c2')).toBeUndefined()
      expect(await registry.ofUser('bob')).toEqual([])
    })

    it('replaces the row of a connection that registers again', async () => {
      await registry.register({ ...connection('c1', 'ann'), device: 'phone' })
      const again = { ...connection('c1', 'ann', 2000), expiresAt: 5 }
      await registry.register(again)
      expect(await registry.ofUser('ann')).toEqual([again])
    })

    it('lists a user’s connections oldest first, whatever the order of registering', async () => {
      await registry.register(connection('c1', 'ann', 3000))
      await registry.register(connection('c2', 'ann', 1000))
      await registry.register(connection('c3', 'ann', 2000))
      expect(await idsOf('ann')).toEqual(['c2', 'c3', 'c1'])
      await registry.register(connection('c2', 'ann', 4000))
      expect(await idsOf('ann')).toEqual(['c3', 'c1', 'c2'])
    })

    it('removes one connection, also twice, also one that never was', async () => {
      await registry.register(connection('c1', 'ann'))
      await registry.register(connection('c2', 'ann'))
      await registry.remove('ann', 'c1')
      await registry.remove('ann', 'c1')
      await registry.remove('bob', 'c2')
      expect(await idsOf('ann')).toEqual(['c2'])
      await registry.remove('ann', 'c2')
      expect(await idsOf('ann')).toEqual([])
      await registry.register(connection('c1', 'ann'))
      expect(await idsOf('ann')).toEqual(['c1'])
    })

    it('takes a hundred at once', async () => {
      const all = Array.from({ length: 100 }, (_, i) => connection(`c${i}`, 'ann', i))
      await Promise.all(all.map((one) => registry.register(one)))
      expect(await registry.ofUser('ann')).toEqual(all)
      await Promise.all(all.map(({ id }) => registry.remove('ann', id)))
      expect(await registry.ofUser('ann')).toEqual([])
    })

    it('keeps users apart, whatever their ids', async () => {
      for (const [i, userId] of NASTY_IDS.entries()) await registry.register(connection(`c${i}`, userId))
      for (const [i, userId] of NASTY_IDS.entries()) expect(await idsOf(userId)).toEqual([`c${i}`])
    })

    it('hands out what a later change does not alter', async () => {
      await registry.register(connection('c1', 'ann'))
      const before = await registry.ofUser('ann')
      await registry.register(connection('c2', 'ann'))
      await registry.remove('ann', 'c1')
      expect(before.map(({ id }) => id)).toEqual(['c1'])
    })
  })
}

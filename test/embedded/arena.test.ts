import { describe, expect, it } from 'vitest'
import { Arena } from '../../src/embedded/arena.ts'

const MIB = 1024 * 1024
const of = (bytes: number, what: number): Buffer => Buffer.alloc(bytes, what)

describe('an arena', () => {
  it('has each value at its place, however they fit', () => {
    const arena = new Arena()
    const values = [0, 1, 1000, MIB - 4, MIB / 2, MIB / 2, 20 * MIB, 3, MIB, 7].map(of)
    const places = values.map((value) => arena.put(value))
    expect(new Set(places).size).toBe(values.length)
    for (const [i, place] of places.entries()) expect(arena.at(place).equals(values[i]!)).toBe(true)
  })

  it('keeps a copy of what it was given', () => {
    const arena = new Arena()
    const value = of(10, 1)
    const place = arena.put(value)
    value.fill(2)
    expect(arena.at(place)).toEqual(of(10, 1))
  })

  it('uses the same memory again once it was cleared', () => {
    const arena = new Arena()
    const fill = (): Buffer[] => [1, MIB, 2 * MIB, 5].map((bytes) => arena.at(arena.put(of(bytes, bytes))))
    const before = fill()
    arena.clear()
    const after = fill()
    expect(after).toEqual([1, MIB, 2 * MIB, 5].map((bytes) => of(bytes, bytes)))
    expect(after.map(({ buffer }) => buffer)).toEqual(before.map(({ buffer }) => buffer))
  })

  it('says so if there is nothing', () => {
    expect(() => new Arena().at(0)).toThrow('nothing was put at 0')
  })
})

import { randomInt } from 'node:crypto'
import { parseObject } from '../json.ts'
import type { Properties } from '../template/properties.ts'

const characters = {
  lowercase: 'abcdefghijklmnopqrstuvwxyz',
  uppercase: 'ABCDEFGHIJKLMNOPQRSTUVWXYZ',
  numbers: '0123456789',
  punctuation: '!"#$%&\'()*+,-./:;<=>?@[\\]^_`{|}~',
}

/** As `GenerateSecretString` of AWS::SecretsManager::Secret. */
export function generateSecret(options: Properties): string {
  const password = generatePassword(options)
  const template = options.text('SecretStringTemplate')
  const key = options.text('GenerateStringKey')
  if (template === undefined || key === undefined) return password
  return JSON.stringify({ ...parseObject(template), [key]: password })
}

function generatePassword(options: Properties): string {
  const excluded = new Set(options.text('ExcludeCharacters') ?? '')
  const classes = [
    options.flag('ExcludeLowercase') === true ? '' : characters.lowercase,
    options.flag('ExcludeUppercase') === true ? '' : characters.uppercase,
    options.flag('ExcludeNumbers') === true ? '' : characters.numbers,
    options.flag('ExcludePunctuation') === true ? '' : characters.punctuation,
    options.flag('IncludeSpace') === true ? ' ' : '',
  ]
    .map((set) => set.split('').filter((one) => !excluded.has(one)))
    .filter((set) => set.length > 0)
  const length = options.number('PasswordLength') ?? 32
  const all = classes.flat()
  const required = options.flag('RequireEachIncludedType') === false ? [] : classes.map(pick)
  const rest = Array.from({ length: Math.max(0, length - required.length) }, () => pick(all))
  return shuffled([...required, ...rest]).join('')
}

function pick(set: readonly string[]): string {
  return set[randomInt(set.length)] ?? ''
}

function shuffled(list: readonly string[]): string[] {
  const result = [...list]
  for (let last = result.length - 1; last > 0; last -= 1) {
    const other = randomInt(last + 1)
    ;[result[last], result[other]] = [result[other] ?? '', result[last] ?? '']
  }
  return result
}

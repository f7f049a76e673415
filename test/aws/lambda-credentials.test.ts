import { describe, expect, it } from 'vitest'
import { defaultProvider } from '../../src/aws/lambda-credentials.ts'
import { stubEnvironment } from './lambda-environment.ts'

describe('the credentials of a function', () => {
  it('are those that Lambda puts into its environment', async () => {
    stubEnvironment({ AWS_ACCESS_KEY_ID: 'id', AWS_SECRET_ACCESS_KEY: 'key', AWS_SESSION_TOKEN: 'token' })
    expect(await defaultProvider()()).toEqual({
      accessKeyId: 'id',
      secretAccessKey: 'key',
      sessionToken: 'token',
    })
  })

  it('may lack a session, as a local one does', async () => {
    stubEnvironment({ AWS_SESSION_TOKEN: '' })
    expect(await defaultProvider()()).toEqual({ accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'secret' })
  })

  it.each(['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'])('are not there without %s', async (name) => {
    stubEnvironment({ [name]: '' })
    await expect(defaultProvider()()).rejects.toThrow(name)
  })
})

import { matchesArn } from '../permissions/wildcards.ts'
import { TemplateError } from '../template-error.ts'
import type { Stack } from './stack.ts'

interface Permission {
  readonly functionId: string
  readonly principal: string
  readonly sourceArn: string | undefined
}

/** Who may invoke which function: the AWS::Lambda::Permission resources of a stack. */
export class LambdaPermissions {
  readonly #permissions: readonly Permission[]

  constructor(stack: Stack) {
    this.#permissions = stack.ofType('AWS::Lambda::Permission').map((resource) => {
      const properties = stack.open(resource)
      const name = properties.requiredText('FunctionName')
      const functionId = stack.named('AWS::Lambda::Function', name)?.id
      if (functionId === undefined)
        throw new TemplateError(`${properties.where}: there is no function ${name}`)
      const action = properties.requiredText('Action')
      const permission = {
        // Another action, such as lambda:InvokeFunctionUrl, lets nobody invoke the function itself.
        functionId: /^lambda:(InvokeFunction|\*)$/.test(action) ? functionId : '',
        principal: properties.requiredText('Principal'),
        sourceArn: properties.text('SourceArn'),
      }
      const sourceAccount = properties.text('SourceAccount')
      if (sourceAccount !== undefined && sourceAccount !== stack.surroundings.account) {
        throw new TemplateError(`${properties.where}: SourceAccount ${sourceAccount} is another account`)
      }
      properties.warnAboutRest()
      return permission
    })
  }

  /** Undefined if `principal` may invoke the function on account of `sourceArn`; else what is missing. */
  missing(functionId: string, principal: string, sourceArn: string): string | undefined {
    const found = this.#permissions.some(
      (permission) =>
        permission.functionId === functionId &&
        permission.principal === principal &&
        (permission.sourceArn === undefined || matchesArn(permission.sourceArn, sourceArn)),
    )
    if (found) return undefined
    return `no AWS::Lambda::Permission lets ${principal} invoke ${functionId} with the SourceArn ${sourceArn}`
  }
}

import type { Stack } from 'aws-cdk-lib'
import { WebSocketApi, WebSocketStage } from 'aws-cdk-lib/aws-apigatewayv2'
import { WebSocketLambdaAuthorizer } from 'aws-cdk-lib/aws-apigatewayv2-authorizers'
import { WebSocketLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations'
import type { Function } from 'aws-cdk-lib/aws-lambda'
import type { RunningTemplate, TemplateOptions } from '../../../src/template-runner/run-template.ts'
import { functionOf, run } from './fixture.ts'

const echo = `
  export const handler = async (event) => {
    const { routeKey, eventType, connectionId, authorizer, stage, apiId } = event.requestContext
    if (event.body === '{"action":"fail"}') throw new Error('asked to')
    return { statusCode: 200, body: JSON.stringify({ routeKey, eventType, connectionId, authorizer, stage, apiId }) }
  }`

export interface Wanted {
  readonly authorizer?: string
  readonly identitySource?: string[]
  readonly change?: (stack: Stack, api: WebSocketApi, fn: Function) => void
}

function socketStack({ authorizer, identitySource = [], change }: Wanted): (stack: Stack) => void {
  return (stack) => {
    const fn = functionOf(stack, 'Echo', echo)
    const integration = (id: string): WebSocketLambdaIntegration => new WebSocketLambdaIntegration(id, fn)
    const api = new WebSocketApi(stack, 'Api', {
      connectRouteOptions: {
        integration: integration('Connect'),
        ...(authorizer !== undefined && {
          authorizer: new WebSocketLambdaAuthorizer('Auth', functionOf(stack, 'Authorize', authorizer), {
            identitySource,
          }),
        }),
      },
    })
    api.addRoute('ask', { integration: integration('Ask'), returnResponse: true })
    api.addRoute('fail', { integration: integration('Fail'), returnResponse: true })
    api.addRoute('tell', { integration: integration('Tell') })
    new WebSocketStage(stack, 'Stage', { webSocketApi: api, stageName: 'v1', autoDeploy: true })
    change?.(stack, api, fn)
  }
}

/** A WebSocket API whose routes echo what they know of a message. */
export const serve = async (
  wanted: Wanted = {},
  options: Omit<TemplateOptions, 'cdkOut'> = {},
): Promise<RunningTemplate> => run(socketStack(wanted), options)

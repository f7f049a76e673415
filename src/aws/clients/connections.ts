import { ApiGatewayManagementApiClient } from '@aws-sdk/client-apigatewaymanagementapi'
import { handlerWith } from './limits.ts'

/**
 * A batch of ten events pushes to 50 connections each at once. Sockets that hang until their deadline must not keep the
 * others waiting for theirs: with fewer sockets than pushes, half-open phones would make live ones fail.
 */
const SOCKETS = 512

/** Without tries of its own: the pusher has its own deadline, and tells a dead connection from a busy one. */
export function createConnectionsClient(endpoint: string): ApiGatewayManagementApiClient {
  return new ApiGatewayManagementApiClient({
    endpoint,
    requestHandler: handlerWith(SOCKETS),
    maxAttempts: 1,
  })
}

/** The least that an app writes with each library to be told of events. */
export interface MinimalApp {
  readonly name: string
  /** What npm installs; nothing for this project's own. */
  readonly install?: string
  readonly does: string
  readonly code: string
}

export const MINIMAL_APPS: readonly MinimalApp[] = [
  {
    name: 'event-fanout/client',
    does: 'resumes, polls, repairs gaps, renews token and connection',
    code: `
      import { connect } from './dist/src/client/index.js'
      const events = connect({ url: 'wss://example.com', httpUrl: 'https://example.com', getToken: () => 'token' })
      events.on('SESSION_COMPLETED', console.log)`,
  },
  {
    name: 'partysocket',
    install: 'partysocket@1.3.0',
    does: 'a WebSocket that reconnects; no protocol on top',
    code: `
      import WebSocket from 'partysocket/ws'
      const socket = new WebSocket('wss://example.com')
      socket.addEventListener('message', console.log)`,
  },
  {
    name: 'phoenix',
    install: 'phoenix@1.8.16',
    does: 'channels, long polling, presence',
    code: `
      import { Socket } from 'phoenix'
      const socket = new Socket('wss://example.com/socket', { params: { token: 'token' } })
      socket.connect()
      const channel = socket.channel('user:1')
      channel.on('SESSION_COMPLETED', console.log)
      channel.join()`,
  },
  {
    name: 'socket.io-client',
    install: 'socket.io-client@4.8.4',
    does: 'events both ways, long polling, rooms, acknowledgements',
    code: `
      import { io } from 'socket.io-client'
      const socket = io('https://example.com', { auth: { token: 'token' } })
      socket.on('SESSION_COMPLETED', console.log)`,
  },
  {
    name: '@microsoft/signalr',
    install: '@microsoft/signalr@10.0.11',
    does: 'calls both ways, streams, long polling, server-sent events',
    code: `
      import { HubConnectionBuilder } from '@microsoft/signalr'
      const connection = new HubConnectionBuilder()
        .withUrl('https://example.com/hub', { accessTokenFactory: () => 'token' })
        .withAutomaticReconnect()
        .build()
      connection.on('SESSION_COMPLETED', console.log)
      connection.start()`,
  },
  {
    name: 'pusher-js',
    install: 'pusher-js@8.6.0',
    does: 'channels, presence, fallbacks, encryption',
    code: `
      import Pusher from 'pusher-js'
      const pusher = new Pusher('key', { cluster: 'eu' })
      pusher.subscribe('private-user-1').bind('SESSION_COMPLETED', console.log)`,
  },
  {
    name: 'centrifuge',
    install: 'centrifuge@5.8.0',
    does: 'channels, recovery, presence, history, calls, fallbacks',
    code: `
      import { Centrifuge } from 'centrifuge'
      const centrifuge = new Centrifuge('wss://example.com/connection', { getToken: async () => 'token' })
      const subscription = centrifuge.newSubscription('user:1')
      subscription.on('publication', console.log)
      subscription.subscribe()
      centrifuge.connect()`,
  },
  {
    name: 'ably/modular',
    install: 'ably@2.28.0',
    does: 'channels, recovery; what else ably has is left out',
    code: `
      import { BaseRealtime, FetchRequest, WebSocketTransport } from 'ably/modular'
      const client = new BaseRealtime({ authUrl: '/token', plugins: { FetchRequest, WebSocketTransport } })
      client.channels.get('user:1').subscribe('SESSION_COMPLETED', console.log)`,
  },
  {
    name: 'ably',
    install: 'ably@2.28.0',
    does: 'channels, recovery, presence, history, encryption, fallbacks',
    code: `
      import { Realtime } from 'ably'
      const client = new Realtime({ authUrl: '/token' })
      client.channels.get('user:1').subscribe('SESSION_COMPLETED', console.log)`,
  },
  {
    name: 'aws-amplify (events)',
    install: 'aws-amplify@6.22.1',
    does: 'AppSync Events, with the sign-in and configuration that it shares with all of Amplify',
    code: `
      import { Amplify } from 'aws-amplify'
      import { events } from 'aws-amplify/data'
      const endpoint = 'https://example.com/event'
      Amplify.configure({ API: { Events: { endpoint, region: 'eu-central-1', defaultAuthMode: 'userPool' } } })
      events.connect('/default/user-1').then((channel) => channel.subscribe({ next: console.log, error: console.error }))`,
  },
]

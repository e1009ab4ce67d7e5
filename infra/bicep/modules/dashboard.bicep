metadata description = 'The dashboard: within the network alone, or behind Container Apps\' own sign-in with Entra ID.'

import { identityReference } from 'identities.bicep'

@description('Name of the container app, at most 32 small letters, digits and hyphens.')
param name string

@description('Azure region.')
param location string

@description('Tags of every resource.')
param tags object

@description('Resource id of the Container Apps environment.')
param environmentId string

@description('Registry of the image.')
param registryServer string

@description('The image.')
param image string

@description('Whether it is reached from outside the environment: in a private one from the virtual network, else from the internet.')
param isReachable bool

@description('The host that it is reached as.')
param host string

@description('Application (client) id of the app registration that people sign in with; empty: there is no sign-in.')
param signInClientId string

@description('Object ids of the users who may sign in; empty: whoever the app registration lets in.')
param signInObjectIds string[]

@description('Paths that need no sign-in: those of KEDA.')
param openPaths string[]

@description('Npgsql connection string of the ledger, without a password.')
param ledger string

@description('Blob endpoint of the storage account.')
param blobEndpoint string

@description('OTLP endpoint that telemetry goes to; empty: none is sent.')
param otlpEndpoint string

@description('Who it runs as.')
param identity identityReference

@description('Who pulls the image.')
param platform identityReference

var telemetry = empty(otlpEndpoint)
  ? []
  : [
      {
        name: 'OTEL_EXPORTER_OTLP_ENDPOINT'
        value: otlpEndpoint
      }
    ]

resource app 'Microsoft.App/containerApps@2025-07-01' = {
  name: name
  location: location
  tags: tags
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: {
      '${identity.id}': {}
      '${platform.id}': {}
    }
  }
  properties: {
    environmentId: environmentId
    workloadProfileName: 'Consumption'
    configuration: {
      activeRevisionsMode: 'Single'
      maxInactiveRevisions: 5
      registries: [
        {
          server: registryServer
          identity: platform.id
        }
      ]
      identitySettings: [
        {
          identity: identity.id
          lifecycle: 'Main'
        }
        {
          identity: platform.id
          lifecycle: 'None'
        }
      ]
      ingress: {
        external: isReachable
        targetPort: 8080
        transport: 'http'
        allowInsecure: false
      }
    }
    template: {
      containers: [
        {
          name: 'dashboard'
          image: image
          resources: {
            cpu: json('0.5')
            memory: '1Gi'
          }
          env: concat(
            [
              {
                name: 'HrNetBatch__Ledger__ConnectionString'
                value: ledger
              }
              {
                name: 'HrNetBatch__Ledger__Authentication'
                value: 'Entra'
              }
              {
                name: 'HrNetBatch__Blobs__Accounts__main__ServiceUri'
                value: blobEndpoint
              }
              {
                name: 'HrNetBatch__Dashboard__Port'
                value: '8080'
              }
              {
                name: 'HrNetBatch__Dashboard__Access'
                value: empty(signInClientId) ? 'Network' : 'SignedIn'
              }
              {
                name: 'HrNetBatch__Dashboard__HostNames__0'
                value: host
              }
              {
                name: 'AZURE_CLIENT_ID'
                value: identity.clientId
              }
            ],
            telemetry
          )
          probes: [
            {
              type: 'Startup'
              httpGet: {
                path: '/healthz/live'
                port: 8080
              }
              periodSeconds: 15
              failureThreshold: 10
            }
            {
              type: 'Liveness'
              httpGet: {
                path: '/healthz/live'
                port: 8080
              }
              periodSeconds: 30
              timeoutSeconds: 10
              failureThreshold: 5
            }
            {
              type: 'Readiness'
              httpGet: {
                path: '/healthz/ready'
                port: 8080
              }
              periodSeconds: 15
              timeoutSeconds: 10
              failureThreshold: 4
            }
          ]
        }
      ]
      // Always there: KEDA asks it what waits.
      scale: {
        minReplicas: 1
        maxReplicas: 1
      }
    }
  }
}

resource signIn 'Microsoft.App/containerApps/authConfigs@2025-07-01' = if (!empty(signInClientId)) {
  parent: app
  name: 'current'
  properties: {
    platform: {
      enabled: true
    }
    globalValidation: {
      unauthenticatedClientAction: 'RedirectToLoginPage'
      redirectToProvider: 'azureactivedirectory'
      excludedPaths: openPaths
    }
    httpSettings: {
      requireHttps: true
    }
    identityProviders: {
      azureActiveDirectory: {
        enabled: true
        registration: {
          // Without a client secret: the app registration issues ID tokens.
          clientId: signInClientId
          openIdIssuer: '${environment().authentication.loginEndpoint}${tenant().tenantId}/v2.0'
        }
        validation: {
          allowedAudiences: [signInClientId]
          defaultAuthorizationPolicy: {
            allowedPrincipals: empty(signInObjectIds)
              ? null
              : {
                  identities: signInObjectIds
                }
          }
        }
      }
    }
    login: {
      // No store of tokens: nothing here calls anything in the name of whoever is signed in.
      tokenStore: {
        enabled: false
      }
    }
  }
}

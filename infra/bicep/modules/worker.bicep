metadata description = 'A worker: no ingress, no replica while nothing waits, ten minutes to hand back what it works on.'

import { identityReference } from 'identities.bicep'

@description('Name of the container app, at most 32 small letters, digits and hyphens.')
param name string

@description('Azure region.')
param location string

@description('Tags of every resource.')
param tags object

@description('Resource id of the Container Apps environment.')
param environmentId string

@description('Workload profile that it runs on.')
param workloadProfile string

@description('Registry of the image.')
param registryServer string

@description('The image.')
param image string

@description('Processor cores of a replica.')
param cores int

@description('Memory of a replica in GiB.')
param memoryGib int

@description('Most replicas.')
param maximum int

@description('Fewest replicas.')
param minimum int

@description('HrNetBatch:Worker:Device.')
param device string

@description('Kinds of jobs that it takes, one of each at once; none: it only takes messages in.')
param kinds string[]

@description('Kinds of jobs that it leaves to others.')
param otherKinds string[]

@description('Whether it takes job messages in, and is woken by them.')
param takesMessages bool

@description('Name of the Service Bus namespace.')
param serviceBusName string

@description('Name of the queue of job messages.')
param queueName string

@description('Name of the topic of events.')
param topicName string

@description('Npgsql connection string of the ledger, without a password.')
param ledger string

@description('Blob endpoint of the storage account.')
param blobEndpoint string

@description('Host of the dashboard, which KEDA asks how many lanes wait or run.')
param dashboardHost string

@description('OTLP endpoint that telemetry goes to; empty: none is sent.')
param otlpEndpoint string

@description('Who it runs as.')
param identity identityReference

@description('Who pulls the image and reads the length of the queue.')
param platform identityReference

var telemetry = empty(otlpEndpoint)
  ? []
  : [
      {
        name: 'OTEL_EXPORTER_OTLP_ENDPOINT'
        value: otlpEndpoint
      }
    ]

// A message wakes it. One replica takes thousands in within a minute, so their number starts no second one: the ledger's lanes do.
var queueRule = {
  name: 'job-messages'
  custom: {
    type: 'azure-servicebus'
    identity: platform.id
    metadata: {
      namespace: serviceBusName
      queueName: queueName
      messageCount: '1000'
    }
  }
}

// Lanes that wait or run hold replicas, one each. Of the type postgresql this rule would need a password: Container Apps gives KEDA a
// token only for Service Bus, Event Hubs and storage queues, and with `identity` on any other type it drops the rule's metadata.
var ledgerRule = {
  name: 'lanes'
  custom: {
    type: 'metrics-api'
    metadata: {
      url: 'https://${dashboardHost}/api/backlog/${join(kinds, ',')}'
      valueLocation: 'lanes'
      targetValue: '1'
    }
  }
}

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
    workloadProfileName: workloadProfile
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
    }
    template: {
      // The most that Container Apps gives. An attempt may take nine of the ten minutes to save what it has.
      terminationGracePeriodSeconds: 600
      containers: [
        {
          name: 'worker'
          image: image
          resources: {
            cpu: cores
            memory: '${memoryGib}Gi'
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
                name: 'HrNetBatch__Models__Root'
                value: 'blob://main/models/'
              }
              {
                name: 'HrNetBatch__ServiceBus__Namespace'
                value: '${serviceBusName}.servicebus.windows.net'
              }
              {
                name: 'HrNetBatch__ServiceBus__Queue'
                value: queueName
              }
              {
                name: 'HrNetBatch__ServiceBus__Events'
                value: topicName
              }
              {
                name: 'HrNetBatch__Worker__Device'
                value: device
              }
              {
                name: 'HrNetBatch__Worker__Intake__IsEnabled'
                value: takesMessages ? 'true' : 'false'
              }
              {
                name: 'HrNetBatch__Worker__Supervision__HandBackGrace'
                value: '00:09:00'
              }
              {
                name: 'HrNetBatch__Health__Port'
                value: '8080'
              }
              {
                name: 'HrNetBatch__Health__Address'
                value: 'Any'
              }
              {
                name: 'AZURE_CLIENT_ID'
                value: identity.clientId
              }
            ],
            map(kinds, kind => {
              name: 'HrNetBatch__Worker__Concurrency__${kind}'
              value: '1'
            }),
            map(otherKinds, kind => {
              name: 'HrNetBatch__Worker__Concurrency__${kind}'
              value: '0'
            }),
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
      scale: {
        minReplicas: minimum
        maxReplicas: maximum
        pollingInterval: 30
        cooldownPeriod: 300
        rules: concat(takesMessages ? [queueRule] : [], empty(kinds) ? [] : [ledgerRule])
      }
    }
  }
}

metadata description = 'Every right in Azure that this deployment gives, and to whom. Rights in the database are in infra/postgres/roles.sql.'

import { identityReference } from 'identities.bicep'

@description('Somebody who submits and watches jobs.')
@export()
type operatorReference = {
  @description('Object id in Entra ID.')
  objectId: string

  @description('What that is.')
  type: 'User' | 'Group' | 'ServicePrincipal'
}

@description('Name of the registry.')
param registryName string

@description('Name of the Service Bus namespace.')
param serviceBusName string

@description('Name of the queue of job messages.')
param queueName string

@description('Name of the topic of events.')
param topicName string

@description('Name of the storage account.')
param storageName string

@description('Who the workers run as.')
param worker identityReference

@description('Who the dashboard runs as.')
param dashboard identityReference

@description('Who pulls images and reads the length of the queue.')
param platform identityReference

@description('Who may send and take job messages, and read and write blobs.')
param operators operatorReference[]

// Azure's built-in roles.
var roles = {
  acrPull: '7f951dda-4ed3-4680-a7ca-43fe172d538d'
  serviceBusDataOwner: '090c5cfd-751d-490a-894a-3ce6f1109419'
  serviceBusDataReceiver: '4f6d3b9b-027b-4f4c-9142-0e5a2a2247e0'
  serviceBusDataSender: '69a216fc-b8fb-44d8-bc22-1f3c2cd27a39'
  storageBlobDataContributor: 'ba92f5b4-2d11-453d-a403-e96b0029c9fe'
  storageBlobDataReader: '2a2b9908-6ea1-4ae2-8e65-a410df84e7d1'
}

resource registry 'Microsoft.ContainerRegistry/registries@2025-04-01' existing = {
  name: registryName
}

resource serviceBus 'Microsoft.ServiceBus/namespaces@2024-01-01' existing = {
  name: serviceBusName

  resource queue 'queues' existing = {
    name: queueName
  }

  resource topic 'topics' existing = {
    name: topicName
  }
}

resource storage 'Microsoft.Storage/storageAccounts@2024-01-01' existing = {
  name: storageName
}

resource platformPulls 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(registry.id, platform.name, roles.acrPull)
  scope: registry
  properties: {
    description: 'Container Apps pulls the images.'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.acrPull)
    principalId: platform.principalId
    principalType: 'ServicePrincipal'
  }
}

// Owner, because the length of a queue is asked through its administration; of this queue alone, and for an identity that no container can use.
resource platformCounts 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(serviceBus::queue.id, platform.name, roles.serviceBusDataOwner)
  scope: serviceBus::queue
  properties: {
    description: 'KEDA asks how many job messages wait.'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.serviceBusDataOwner)
    principalId: platform.principalId
    principalType: 'ServicePrincipal'
  }
}

resource workerReceives 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(serviceBus::queue.id, worker.name, roles.serviceBusDataReceiver)
  scope: serviceBus::queue
  properties: {
    description: 'Workers take job messages into the ledger.'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.serviceBusDataReceiver)
    principalId: worker.principalId
    principalType: 'ServicePrincipal'
  }
}

resource workerPublishes 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(serviceBus::topic.id, worker.name, roles.serviceBusDataSender)
  scope: serviceBus::topic
  properties: {
    description: 'Workers tell what happens to jobs.'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.serviceBusDataSender)
    principalId: worker.principalId
    principalType: 'ServicePrincipal'
  }
}

resource workerStores 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(storage.id, worker.name, roles.storageBlobDataContributor)
  scope: storage
  properties: {
    description: 'Workers read data sets and write checkpoints, models and results.'
    roleDefinitionId: subscriptionResourceId(
      'Microsoft.Authorization/roleDefinitions',
      roles.storageBlobDataContributor
    )
    principalId: worker.principalId
    principalType: 'ServicePrincipal'
  }
}

resource dashboardReads 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(storage.id, dashboard.name, roles.storageBlobDataReader)
  scope: storage
  properties: {
    description: 'The dashboard shows reports and lets them be downloaded.'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.storageBlobDataReader)
    principalId: dashboard.principalId
    principalType: 'ServicePrincipal'
  }
}

resource operatorsSend 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for operator in operators: {
    name: guid(serviceBus::queue.id, operator.objectId, roles.serviceBusDataSender)
    scope: serviceBus::queue
    properties: {
      description: 'Sends job messages, and dead letters anew.'
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.serviceBusDataSender)
      principalId: operator.objectId
      principalType: operator.type
    }
  }
]

resource operatorsReceive 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for operator in operators: {
    name: guid(serviceBus::queue.id, operator.objectId, roles.serviceBusDataReceiver)
    scope: serviceBus::queue
    properties: {
      description: 'Looks at dead letters.'
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.serviceBusDataReceiver)
      principalId: operator.objectId
      principalType: operator.type
    }
  }
]

resource operatorsStore 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for operator in operators: {
    name: guid(storage.id, operator.objectId, roles.storageBlobDataContributor)
    scope: storage
    properties: {
      description: 'Brings data sets and takes results.'
      roleDefinitionId: subscriptionResourceId(
        'Microsoft.Authorization/roleDefinitions',
        roles.storageBlobDataContributor
      )
      principalId: operator.objectId
      principalType: operator.type
    }
  }
]

metadata description = 'Job messages in, events out. Shared keys are off.'

@description('Name of the namespace, 6 to 50 letters, digits and hyphens.')
param name string

@description('Azure region.')
param location string

@description('Tags of every resource.')
param tags object

@description('Whether it is reached through a private endpoint alone; takes Premium, which only then is worth its price.')
param isPrivate bool

@description('Name of the queue of job messages.')
param queueName string

@description('Name of the topic of events. Without a subscription events are dropped, and cost nothing.')
param topicName string

@description('Resource id of the Log Analytics workspace.')
param workspaceId string

resource namespace 'Microsoft.ServiceBus/namespaces@2024-01-01' = {
  name: name
  location: location
  tags: tags
  sku: isPrivate
    ? {
        name: 'Premium'
        tier: 'Premium'
        capacity: 1
      }
    : {
        name: 'Standard'
        tier: 'Standard'
      }
  properties: {
    disableLocalAuth: true
    minimumTlsVersion: '1.2'
    publicNetworkAccess: isPrivate ? 'Disabled' : 'Enabled'
  }

  resource queue 'queues' = {
    name: queueName
    properties: {
      // A message is held only until it is in the ledger, never for the length of a job.
      lockDuration: 'PT1M'
      maxDeliveryCount: 10
      deadLetteringOnMessageExpiration: true
    }
  }

  resource topic 'topics' = {
    name: topicName
    properties: {
      defaultMessageTimeToLive: 'P7D'
    }
  }
}

resource diagnostics 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'log-analytics'
  scope: namespace
  properties: {
    workspaceId: workspaceId
    logs: [
      {
        category: 'OperationalLogs'
        enabled: true
      }
    ]
    metrics: [
      {
        category: 'AllMetrics'
        enabled: true
      }
    ]
  }
}

@description('Resource id of the namespace.')
output id string = namespace.id

@description('Its host, which HrNetBatch:ServiceBus:Namespace names.')
output host string = '${namespace.name}.servicebus.windows.net'

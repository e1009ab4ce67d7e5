metadata description = 'The storage account of data sets, models, runs and results. Shared keys and anonymous reading are off.'

@description('Name of the account, 3 to 24 small letters and digits.')
param name string

@description('Azure region.')
param location string

@description('Tags of every resource.')
param tags object

@description('Whether it is reached through a private endpoint alone.')
param isPrivate bool

@description('Whether it survives the loss of a zone.')
param isZoneRedundant bool

@description('Containers that are there from the beginning.')
param containerNames string[]

@description('Resource id of the Log Analytics workspace.')
param workspaceId string

resource account 'Microsoft.Storage/storageAccounts@2024-01-01' = {
  name: name
  location: location
  tags: tags
  kind: 'StorageV2'
  sku: {
    name: isZoneRedundant ? 'Standard_ZRS' : 'Standard_LRS'
  }
  properties: {
    allowSharedKeyAccess: false
    allowBlobPublicAccess: false
    allowCrossTenantReplication: false
    defaultToOAuthAuthentication: true
    minimumTlsVersion: 'TLS1_2'
    supportsHttpsTrafficOnly: true
    publicNetworkAccess: isPrivate ? 'Disabled' : 'Enabled'
    networkAcls: {
      bypass: 'None'
      defaultAction: isPrivate ? 'Deny' : 'Allow'
    }
  }

  resource blobs 'blobServices' = {
    name: 'default'
    properties: {
      // What somebody deleted by mistake is there for a week.
      deleteRetentionPolicy: {
        enabled: true
        days: 7
      }
      containerDeleteRetentionPolicy: {
        enabled: true
        days: 7
      }
    }

    resource containers 'containers' = [
      for containerName in containerNames: {
        name: containerName
        properties: {
          publicAccess: 'None'
        }
      }
    ]
  }
}

resource diagnostics 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'log-analytics'
  scope: account::blobs
  properties: {
    workspaceId: workspaceId
    // Not StorageRead: a line for each image read would cost more than reading it.
    logs: [
      {
        category: 'StorageDelete'
        enabled: true
      }
    ]
    metrics: [
      {
        category: 'Transaction'
        enabled: true
      }
    ]
  }
}

@description('Resource id of the account.')
output id string = account.id

@description('Its blob endpoint, which HrNetBatch:Blobs:Accounts:main:ServiceUri names.')
output blobEndpoint string = account.properties.primaryEndpoints.blob

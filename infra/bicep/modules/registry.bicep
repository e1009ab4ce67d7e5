metadata description = 'The registry of the images of worker and dashboard. Its administrator\'s password is off.'

@description('Name of the registry, 5 to 50 letters and digits.')
param name string

@description('Azure region.')
param location string

@description('Tags of every resource.')
param tags object

@description('Whether it is reached through a private endpoint alone; takes Premium.')
param isPrivate bool

@description('Whether it survives the loss of a zone; takes Premium.')
param isZoneRedundant bool

@description('Resource id of the Log Analytics workspace.')
param workspaceId string

resource registry 'Microsoft.ContainerRegistry/registries@2025-04-01' = {
  name: name
  location: location
  tags: tags
  sku: {
    name: isPrivate || isZoneRedundant ? 'Premium' : 'Basic'
  }
  properties: {
    adminUserEnabled: false
    publicNetworkAccess: isPrivate ? 'Disabled' : 'Enabled'
    zoneRedundancy: isZoneRedundant ? 'Enabled' : 'Disabled'
  }
}

resource diagnostics 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'log-analytics'
  scope: registry
  properties: {
    workspaceId: workspaceId
    logs: [
      {
        category: 'ContainerRegistryLoginEvents'
        enabled: true
      }
      {
        category: 'ContainerRegistryRepositoryEvents'
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

@description('Resource id of the registry.')
output id string = registry.id

@description('Its host.')
output server string = registry.properties.loginServer

metadata description = 'Where containers run: the Container Apps environment, with GPUs where they are wanted.'

@description('Name of the environment.')
param name string

@description('Azure region.')
param location string

@description('Tags of every resource.')
param tags object

@description('Which GPU; None: no GPU. Serverless: nothing is paid while no container runs on it.')
@allowed(['None', 'T4', 'A100'])
param gpu string

@description('Resource id of the subnet; empty: Azure\'s own network, reached from the internet where an app asks for it.')
param subnetId string

@description('Resource id of the virtual network; empty where the subnet is.')
param networkId string

@description('Whether it survives the loss of a zone; takes a subnet.')
param isZoneRedundant bool

@description('Resource id of the Log Analytics workspace.')
param workspaceId string

var isPrivate = !empty(subnetId)
var gpuProfiles = {
  T4: 'Consumption-GPU-NC8as-T4'
  A100: 'Consumption-GPU-NC24-A100'
}

resource environment 'Microsoft.App/managedEnvironments@2025-07-01' = {
  name: name
  location: location
  tags: tags
  properties: {
    // Through diagnostic settings: the other way takes the workspace's key.
    appLogsConfiguration: {
      destination: 'azure-monitor'
    }
    publicNetworkAccess: isPrivate ? 'Disabled' : 'Enabled'
    vnetConfiguration: isPrivate
      ? {
          infrastructureSubnetId: subnetId
          internal: true
        }
      : null
    workloadProfiles: concat(
      [
        {
          name: 'Consumption'
          workloadProfileType: 'Consumption'
        }
      ],
      gpu == 'None'
        ? []
        : [
            {
              name: 'gpu'
              workloadProfileType: gpuProfiles[gpu]
            }
          ]
    )
    zoneRedundant: isZoneRedundant && isPrivate
  }
}

resource diagnostics 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'log-analytics'
  scope: environment
  properties: {
    workspaceId: workspaceId
    logs: [
      {
        category: 'ContainerAppConsoleLogs'
        enabled: true
      }
      {
        category: 'ContainerAppSystemLogs'
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

module names 'environment-names.bicep' = if (isPrivate) {
  name: 'environment-names'
  params: {
    domain: environment.properties.defaultDomain
    address: environment.properties.staticIp
    networkId: networkId
    tags: tags
  }
}

@description('Resource id of the environment.')
output id string = environment.id

@description('The domain that its apps\' names end in.')
output domain string = environment.properties.defaultDomain

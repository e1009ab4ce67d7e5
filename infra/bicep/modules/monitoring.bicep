metadata description = 'Where all logs and metrics of Azure go. No key opens it: only Entra ID does.'

@description('Name of the workspace.')
param name string

@description('Azure region.')
param location string

@description('Tags of every resource.')
param tags object

@description('Days that logs are kept; the first 30 cost nothing.')
param retentionDays int

@description('Gigabytes a day after which nothing more is taken in, as a limit to what a noisy day can cost; -1: no limit.')
param dailyLogGb int

resource workspace 'Microsoft.OperationalInsights/workspaces@2023-09-01' = {
  name: name
  location: location
  tags: tags
  properties: {
    sku: {
      name: 'PerGB2018'
    }
    retentionInDays: retentionDays
    workspaceCapping: {
      dailyQuotaGb: dailyLogGb
    }
    features: {
      disableLocalAuth: true
      enableLogAccessUsingOnlyResourcePermissions: true
    }
  }
}

@description('Resource id of the workspace.')
output workspaceId string = workspace.id

metadata description = 'The ledger: PostgreSQL Flexible Server that only Entra ID opens. infra/postgres/roles.sql makes the database and the roles of worker and dashboard.'

@description('Name of the server, 3 to 63 small letters, digits and hyphens.')
param name string

@description('Azure region.')
param location string

@description('Tags of every resource.')
param tags object

@description('Size of the machine, such as Standard_B1ms.')
param sku string

@description('Tier of the machine; it has to fit the size.')
@allowed(['Burstable', 'GeneralPurpose', 'MemoryOptimized'])
param tier string

@description('Gigabytes of disk; grows by itself.')
param storageGb int

@description('Whether it is reached through a private endpoint alone.')
param isPrivate bool

@description('Whether a second server in another zone takes over when the first is lost; not with tier Burstable.')
param isZoneRedundant bool

@description('Name of the Entra user, group or application that administers the server and runs roles.sql.')
param administratorName string

@description('Object id of that administrator.')
param administratorObjectId string

@description('What the administrator is.')
@allowed(['User', 'Group', 'ServicePrincipal'])
param administratorType string

@description('IPv4 addresses that PostgreSQL\'s firewall lets in while it is public, such as the administrator\'s own.')
param administratorAddresses string[]

@description('Resource id of the Log Analytics workspace.')
param workspaceId string

resource server 'Microsoft.DBforPostgreSQL/flexibleServers@2024-08-01' = {
  name: name
  location: location
  tags: tags
  sku: {
    name: sku
    tier: tier
  }
  properties: {
    version: '17'
    authConfig: {
      activeDirectoryAuth: 'Enabled'
      passwordAuth: 'Disabled'
      tenantId: tenant().tenantId
    }
    storage: {
      storageSizeGB: storageGb
      autoGrow: 'Enabled'
    }
    backup: {
      backupRetentionDays: isZoneRedundant ? 35 : 7
      geoRedundantBackup: 'Disabled'
    }
    highAvailability: {
      mode: isZoneRedundant ? 'ZoneRedundant' : 'Disabled'
    }
    network: {
      publicNetworkAccess: isPrivate ? 'Disabled' : 'Enabled'
    }
  }
}

// A server carries out one change at a time and refuses the others as busy, so these follow one another.
resource administrator 'Microsoft.DBforPostgreSQL/flexibleServers/administrators@2024-08-01' = {
  parent: server
  name: administratorObjectId
  properties: {
    principalName: administratorName
    principalType: administratorType
    tenantId: tenant().tenantId
  }
}

resource tls 'Microsoft.DBforPostgreSQL/flexibleServers/configurations@2024-08-01' = {
  parent: server
  name: 'ssl_min_protocol_version'
  properties: {
    value: 'TLSv1.2'
    source: 'user-override'
  }
  dependsOn: [administrator]
}

resource encryption 'Microsoft.DBforPostgreSQL/flexibleServers/configurations@2024-08-01' = {
  parent: server
  name: 'require_secure_transport'
  properties: {
    value: 'on'
    source: 'user-override'
  }
  dependsOn: [tls]
}

// Container Apps without a network of their own come from changing addresses of Azure's. Whoever arrives still needs a token of Entra ID.
resource azureAddresses 'Microsoft.DBforPostgreSQL/flexibleServers/firewallRules@2024-08-01' = if (!isPrivate) {
  parent: server
  name: 'azure-services'
  properties: {
    startIpAddress: '0.0.0.0'
    endIpAddress: '0.0.0.0'
  }
  dependsOn: [encryption]
}

@batchSize(1)
resource addresses 'Microsoft.DBforPostgreSQL/flexibleServers/firewallRules@2024-08-01' = [
  for (address, index) in isPrivate ? [] : administratorAddresses: {
    parent: server
    name: 'administrator-${index}'
    properties: {
      startIpAddress: address
      endIpAddress: address
    }
    dependsOn: [azureAddresses]
  }
]

resource diagnostics 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'log-analytics'
  scope: server
  properties: {
    workspaceId: workspaceId
    logs: [
      {
        category: 'PostgreSQLLogs'
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

@description('Resource id of the server.')
output id string = server.id

@description('Its host.')
output host string = server.properties.fullyQualifiedDomainName

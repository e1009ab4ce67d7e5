metadata description = 'Three identities, so that each can be given what it needs and nothing else. None has a password or a key.'

@description('Name of the environment; the identities are named after it.')
param environmentName string

@description('Azure region.')
param location string

@description('Tags of every resource.')
param tags object

@description('What others need to know of an identity.')
@export()
type identityReference = {
  @description('Resource id.')
  id: string

  @description('Name; also the name of its role in PostgreSQL.')
  name: string

  @description('What programs call it (AZURE_CLIENT_ID).')
  clientId: string

  @description('What role assignments call it.')
  principalId: string
}

@description('Who the workers run as.')
resource worker 'Microsoft.ManagedIdentity/userAssignedIdentities@2023-01-31' = {
  name: '${environmentName}-worker'
  location: location
  tags: tags
}

@description('Who the dashboard runs as.')
resource dashboard 'Microsoft.ManagedIdentity/userAssignedIdentities@2023-01-31' = {
  name: '${environmentName}-dashboard'
  location: location
  tags: tags
}

@description('Who pulls images and reads the length of the queue of job messages. No container can take tokens for it.')
resource platform 'Microsoft.ManagedIdentity/userAssignedIdentities@2023-01-31' = {
  name: '${environmentName}-platform'
  location: location
  tags: tags
}

@description('Who the workers run as.')
output worker identityReference = {
  id: worker.id
  name: worker.name
  clientId: worker.properties.clientId
  principalId: worker.properties.principalId
}

@description('Who the dashboard runs as.')
output dashboard identityReference = {
  id: dashboard.id
  name: dashboard.name
  clientId: dashboard.properties.clientId
  principalId: dashboard.properties.principalId
}

@description('Who pulls images and reads the length of the queue.')
output platform identityReference = {
  id: platform.id
  name: platform.name
  clientId: platform.properties.clientId
  principalId: platform.properties.principalId
}
